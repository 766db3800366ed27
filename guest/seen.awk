# For `guest drift`: what Open vSwitch has, and every kept desired state, as shell code for one eval. To parse each of them in an awk of its
# own would cost most of the time under emulation.
#
# Input: one line, what ovsdb-client answers to OVS_QUESTION (guest/drift.sh), or an empty one; then the files of desired state.
# Output:
#   seen     a text with these lines:
#              port NAME BRIDGE TAG     TAG: [] without one
#              trunks NAME VLAN,VLAN
#              mode BRIDGE FAIL_MODE
#              rows ID PORTS<tab>INTERFACES<tab>BRIDGES    what port_observe reads, of the step ID
#   kept_N   for each file a function that runs its arguments with every field of the state in a local variable, as with_state does
#   foreign  a text with a line for each port that nothing says who it belongs to, as differs.awk reads it
#   things   a text with a line for each: N KIND LAB STEP FILE

BEGIN { scope = "local " }

FILENAME == "" || FILENAME == "-" { if (FNR == 1) switch_of($0); next }
FNR == 1 { thing_of($0) }

END {
  print "seen=" shell("\n" seen)
  print "foreign=" shell(foreign)
  print "things=" shell(things)
}

function thing_of(text,   kind, lab, step) {
  kind = FILENAME
  sub(/.*\//, "", kind)
  sub(/-.*/, "", kind)
  json_root = "state"
  # Older tools kept it in another form, and the next step brings it up to these.
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
  things = things n " " kind " " (lab == "" ? "-" : lab) " " step " " FILENAME "\n"
}

# The rows of Interface, Port and Bridge.
function switch_of(text,   i, k, at, name, row) {
  json_root = ""
  if (text == "" || json_read(text) != "") return
  for (i = 0; i < json_size["0.rows"]; i++) {
    at = "0.rows." i
    interface[json_value[at ".name"]] = at
  }
  for (i = 0; i < json_size["2.rows"]; i++) {
    at = "2.rows." i
    name = clean(json_value[at ".name"])
    seen = seen "mode " name " " json_value[at ".fail_mode"] "\n"
    for (k = 0; k < set_size(at ".ports"); k++) bridge[set_entry(at ".ports", k)] = name
    own[name]
    row = label(at, "vxlab-port")
    if (row != "") bridges[row] = bridges[row] (row in bridges ? "," : "") "[" json_quote(json_value[at ".name"]) "]"
    if (row != "") labelled[row]
  }
  for (i = 0; i < json_size["1.rows"]; i++) port_of("1.rows." i)
  for (row in labelled)
    seen = seen "rows " row " {\"data\":[" ports[row] "]}\t{\"data\":[" interfaces[row] "]}\t{\"data\":[" bridges[row] "]}\n"
}

function port_of(at,   name, on, i, id, from, tag, trunks) {
  name = clean(json_value[at ".name"])
  on = bridge[json_value[at "._uuid.1"]]
  tag = (at ".tag") in json_value ? json_value[at ".tag"] : "[]"
  seen = seen "port " name " " on " " tag "\n"
  for (i = 0; i < set_size(at ".trunks"); i++) trunks = trunks "," set_entry(at ".trunks", i)
  seen = seen "trunks " name " " substr(trunks, 2) "\n"
  id = label(at, "vxlab-port")
  if (id == "") {
    if (!(name in own) && label(at, "vxlab-container") == "" && label(at, "vxlab-service") == "" && label(at, "vxlab-chain") == "")
      foreign = foreign "foreign port " name " on " on "\n"
    return
  }
  labelled[id]
  ports[id] = ports[id] (ports[id] == "" ? "" : ",") "[" json_quote(json_value[at ".name"]) "," (tag == "[]" ? "[\"set\",[]]" : tag) "," json_value[at ".protected"] "]"
  # Its interface has its name; only a bond has others, and no step makes one.
  from = interface[json_value[at ".name"]]
  interfaces[id] = interfaces[id] (interfaces[id] == "" ? "" : ",") "[" json_quote(json_value[at ".name"]) "," json_quote(json_value[from ".type"]) "," map_of(from ".options") "," map_of(from ".bfd") "," json_quote(json_value[from ".error"]) "]"
}

function map_of(at,   k, pairs) {
  for (k = 0; k < json_size[at ".1"]; k++)
    pairs = pairs (k ? "," : "") "[" json_quote(json_value[at ".1." k ".0"]) "," json_quote(json_value[at ".1." k ".1"]) "]"
  return "[\"map\",[" pairs "]]"
}

# A set of one is the entry itself (RFC 7047 section 5.1): ["set",[a,b]], a, or for UUIDs ["uuid",a].
function set_size(at) {
  if (at in json_value) return 1
  return json_value[at ".0"] == "set" ? json_size[at ".1"] : 1
}

function set_entry(at, i) {
  if (at in json_value) return json_value[at]
  if (json_value[at ".0"] == "uuid") return json_value[at ".1"]
  at = at ".1." i
  return at in json_value ? json_value[at] : json_value[at ".1"]
}

function label(at, key,   k, from) {
  from = at ".external_ids.1"
  for (k = 0; k < json_size[from]; k++) if (json_value[from "." k ".0"] == key) return clean(json_value[from "." k ".1"])
  return ""
}

function clean(text) { gsub(/[^A-Za-z0-9_.:@-]/, "?", text); return text }
