# For `guest drift`: the answers of Open vSwitch, nft and ip, and every stored desired state, as shell code for one eval. Parsing each of
# them in an awk of its own would take most of the time under emulation.
#
# Input: what ovs_all prints (guest/drift.sh), the rows as JSON on one line, or messages and the line "== silent"; "== nft" and nft's rules;
# "== ip" and what ip -o address show prints. Then the files of desired state. Variables: protocol; listings, the folder in which tables
# are as nft listed them when they were loaded.
# Output:
#   seen_of  a function: seen_of WORD NAME puts what is known of it into line, and is false if nothing is. It uses patterns of `case`, since
#            to cut a text at a pattern takes the square of its length in busybox (ash.c, scanleft):
#              port NAME        BRIDGE TAG; TAG is [] without one
#              trunks NAME      VLAN,VLAN
#              mode BRIDGE      its fail_mode
#              rows ID          PORTS<tab>INTERFACES<tab>BRIDGES    what port_observe reads, of the step ID
#              table NAME       same|other: a table of nft is as it was when it was loaded or not
#              forwards nft     yes: there is a chain at the hook `forward` that is not in one of these tables
#              addresses DEVICE ADDRESS ADDRESS, without link-local ones
#              at ADDRESS       the first device that has it
#              kept KIND        N N, the things of a kind
#              thing N          KIND LAB STEP FILE
#   kept_N   for each file a function that runs its arguments with every field of the state in a local variable, as with_state does
#   foreign  a text with a line for each port without an owner, as differs.awk reads it
#   numbers  N of each thing, with a space after it
#   looked   all; none when Open vSwitch does not answer, whose last message is in silent

BEGIN { scope = "local "; part = "ovs" }

FILENAME == "" || FILENAME == "-" {
  if ($1 == "==") { if ($2 != "silent") part = $2 }
  else if (part == "nft") listed($0)
  else if (part == "ip") { if ($3 ~ /^inet6?$/) address_of($2, $4) }
  else if (substr($0, 1, 1) == "[") switch_of($0)
  else if ($0 != "") silent = clean_text($0)
  next
}
FNR == 1 { thing_of($0) }

END {
  for (device in addresses) know("addresses", device, substr(addresses[device], 2))
  for (kind in kept) know("kept", kind, substr(kept[kind], 2))
  if (forwards) know("forwards", "nft", "yes")
  for (i = 1; i <= n; i++) numbers = numbers i " "
  print "looked=" (answered ? "all" : "none")
  if (!answered) print "silent=" shell(silent == "" ? "it says nothing" : silent)
  print "seen_of() { case \"$1 $2\" in"
  for (i = 1; i <= known; i++) print fact[i]
  print "*) return 1 ;; esac; }"
  print "foreign=" shell(foreign)
  print "numbers=" shell(numbers)
}

function know(word, name, text) { fact[++known] = shell(word " " name) ") line=" shell(text) " ;;" }

function address_of(device, text,   bare) {
  if (/ scope link/) return
  if (/ scope global/) addresses[device] = addresses[device] " " text
  bare = text
  sub(/\/.*/, "", bare)
  if (bare in held) return
  held[bare]
  know("at", bare, device)
}

# nft prints tables one after the other, "table inet NAME {" to "}".
function listed(line,   kept_line, text) {
  if (line ~ /^table /) { table = $2 == "inet" ? $3 : ""; listing = "" }
  if (of_hops(line)) return
  listing = listing line "\n"
  if (line ~ /hook forward/ && table !~ /^vxlab_/) forwards = 1
  if (line != "}" || table == "") return
  if (table ~ /^vxlab_/) {
    while ((getline kept_line < (listings "/" table)) > 0) text = text kept_line "\n"
    close(listings "/" table)
    know("table", table, text == listing ? "same" : "other")
  }
}

function thing_of(text,   kind, lab, step) {
  kind = FILENAME
  sub(/.*\//, "", kind)
  sub(/-.*/, "", kind)
  json_root = "state"
  # A file of older tools in another form, which the next step converts.
  if (json_read(text) != "" || json_value["v"] != protocol) return
  lab = json_value["lab"]
  step = json_value["id"]
  if (step !~ /^[A-Za-z0-9_.-]+$/ || lab !~ /^[A-Za-z0-9_.-]*$/) return
  n++
  print "kept_" n "() {"
  print scope "secrets="
  state_fields(text, kind, lab, step)
  print "\"$@\""
  print "}"
  kept[kind] = kept[kind] " " n
  know("thing", n, kind " " (lab == "" ? "-" : lab) " " step " " FILENAME)
}

# The rows of Interface, Port and Bridge. Not by json_read, which takes ten times as long: a row is cut at the names of its columns. In a
# string a quotation mark has a backslash before it, so nothing there looks like `"name":`.
function switch_of(text,   table, row, i, k, n, name, uuid, one) {
  if (!index(text, "\"rows\":")) return
  answered = 1
  split(text, table, /"rows":\[/)
  for (i = rows(table[2], row); i > 0; i--) { one = column(row[i], "name"); interface[one] = row[i] }
  for (i = rows(table[4], row); i > 0; i--) {
    name = clean(word_of(column(row[i], "name")))
    know("mode", name, word_of(column(row[i], "fail_mode")))
    n = split(column(row[i], "ports"), uuid, /"uuid","/)
    for (k = 2; k <= n; k++) bridge[substr(uuid[k], 1, index(uuid[k], "\"") - 1)] = name
    own[name]
    one = label(row[i], "vxlab-port")
    if (one == "") continue
    bridges[one] = bridges[one] (one in bridges ? "," : "") "[" column(row[i], "name") "]"
    labelled[one]
  }
  n = rows(table[3], row)
  for (i = 1; i <= n; i++) port_of(row[i])
  for (one in labelled)
    know("rows", one, "{\"data\":[" ports[one] "]}\t{\"data\":[" interfaces[one] "]}\t{\"data\":[" bridges[one] "]}")
}

# The rows of a table, each from its first column on. Parts that were split within a string are joined again.
function rows(text, row,   part, n, i, k) {
  sub(/\}\]\}.*/, "", text)
  n = split(substr(text, 2), part, /\},\{/)
  for (i = 1; i <= n; i++) {
    if (part[i] ~ /^"[a-z_]+":/) row[++k] = part[i]
    else row[k] = row[k] "},{" part[i]
  }
  return k + 0
}

# What a row has in that column, as JSON.
function column(row, name,   at) {
  at = index("," row, ",\"" name "\":")
  if (!at) return ""
  row = substr(row, at + length(name) + 3)
  return match(row, /,"[a-z_]+":/) ? substr(row, 1, RSTART - 1) : row
}

function word_of(json) { return substr(json, 2, length(json) - 2) }

function port_of(row,   text, name, on, id, from, tag, trunks, uuid) {
  text = column(row, "name")
  name = clean(word_of(text))
  split(column(row, "_uuid"), uuid, "\"")
  on = bridge[uuid[4]]
  # A set of one is the entry itself (RFC 7047 section 5.1).
  tag = column(row, "tag")
  trunks = column(row, "trunks")
  sub(/^\["set",\[/, "", trunks)
  gsub(/[^0-9,]/, "", trunks)
  know("port", name, on " " (tag ~ /^\[/ ? "[]" : tag))
  know("trunks", name, trunks)
  id = label(row, "vxlab-port")
  if (id == "") {
    if (!(name in own) && label(row, "vxlab-container") label(row, "vxlab-service") label(row, "vxlab-chain") == "")
      foreign = foreign "foreign port " name " on " on "\n"
    return
  }
  labelled[id]
  ports[id] = ports[id] (ports[id] == "" ? "" : ",") "[" text "," tag "," column(row, "protected") "]"
  # A port's interface has the port's name, except in a bond, and no step makes a bond. Only tunnels and patch ports were asked for.
  from = text in interface ? interface[text] : "\"type\":\"\",\"options\":[\"map\",[]],\"bfd\":[\"map\",[]],\"error\":[\"set\",[]]"
  interfaces[id] = interfaces[id] (interfaces[id] == "" ? "" : ",") "[" text "," column(from, "type") "," column(from, "options") "," \
    column(from, "bfd") "," column(from, "error") "]"
}

# The value of a key in external_ids.
function label(row, key,   text, at) {
  text = column(row, "external_ids")
  at = index(text, "[\"" key "\",\"")
  if (!at) return ""
  text = substr(text, at + length(key) + 5)
  return clean(substr(text, 1, index(text, "\"") - 1))
}

function clean(text) { gsub(/[^A-Za-z0-9_.:@-]/, "?", text); return text }

function clean_text(text) { gsub(/[\001-\037\\"]/, " ", text); return text }
