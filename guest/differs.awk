# Compares the actual state of things with their desired states: one line of JSON for each difference, with a text (guest/drift.sh).
#
# Input, by way of inside.awk: what the `observe` functions print (guest/observe.awk says which lines there are), and before those of each thing
#
#   thing KIND LAB STEP FILE
#
# and further
#   fault PATH TEXT       the thing's own text for a difference: this path is not compared further; PATH may be -
#   foreign TEXT          what belongs to no lab
#   == KIND               from here on each line is a fault of this kind: TEXT, or LAB/STEP, a tab, TEXT
# judge guard|flows ABOUT from here to the line "judged" the output of another program: guard/judge.awk or port-security/differ.awk finds
# its faults Variable: about, the text for a missing thing of each kind: "container:does not run,bridge:is missing".

BEGIN {
  n = split(about, word, ",")
  for (i = 1; i <= n; i++) { split(word[i], pair, ":"); gone_words[pair[1]] = pair[2] }
  n = split("mtu MTU mac MAC vlan VLAN vni VNI ttl TTL udpPort UDP_port local VTEP address address addresses address group multicast_group " \
    "dhcp.first first_address_lent dhcp.last last_address_lent dhcp.router router_lent dhcp.mtu MTU_lent dhcp.domain domain_lent " \
    "nat NAT dhcp DHCP guard host_guard remotes tunnel protected split_horizon", word, " ")
  for (i = 1; i < n; i += 2) { called[word[i]] = word[i + 1]; gsub(/_/, " ", called[word[i]]) }
  n = 0
}

END { end_judge(); end_thing() }

# A line of the input, which becomes the record.
function put(line) {
  $0 = line
  if ($1 == "==") { end_judge(); end_thing(); drifted = $2; return }
  if (line == "judged") { end_judge(); return }
  if (judging != "") { if (judging == "guard") guard_line(line); else flows_line(line); return }
  if ($1 == "judge") { judging = $2; judged_about = rest(2); return }
  if (drifted != "") { kind_says(line); return }
  if ($1 == "thing") { end_thing(); begin_thing($2, $3, $4, $5) }
  else if ($1 == "foreign") out("foreign", "", "", rest(1))
  else if (kind == "") return
  else if ($1 == "gone") gone = 1
  else if ($1 == "fault") { if ($2 != "-") told[$2]; if (NF > 2) faults[++faulty] = rest(2) }
  else if ($1 == "text") scalar($2, NF > 2, rest(2))
  else if ($1 == "word") scalar($2, NF > 2, $3)
  else if ($1 == "tag") scalar($2, NF > 2 && $3 != "0", $3 ~ /^[0-9]+$/ ? $3 : 0)
  else if ($1 == "list") list($2, rest(2))
  else if ($1 == "json") { other[$2] = rest(2); order_of[++paths] = $2 }
}

function end_judge() {
  if (judging == "guard") guard_end(judged_about)
  else if (judging == "flows") flows_end(judged_about)
  judging = ""
}

function kind_says(line,   cut, whose) {
  if (line == "") return
  cut = index(line, "\t")
  if (cut) split(substr(line, 1, cut - 1), whose, "/")
  out(drifted, whose[1], whose[2], substr(line, cut + 1))
}

function begin_thing(a, b, c, file,   line) {
  kind = a; lab = b == "-" ? "" : b; step = c
  gone = 0; paths = 0; faulty = 0
  split("", told); split("", other); split("", order_of); split("", faults)
  json_root = "state"
  getline line < file
  close(file)
  json_read(line)
}

function scalar(at, there, text) {
  order_of[++paths] = at
  other[at] = "s" (there ? 1 : 0) text
}

function list(at, words) { order_of[++paths] = at; other[at] = "l" words }

function end_thing(   i, at, own) {
  if (kind == "") return
  if (gone && faulty == 0) say(kind in gone_words ? gone_words[kind] : "is missing")
  for (i = 1; i <= faulty; i++) say(faults[i])
  if (!gone) for (i = 1; i <= paths; i++) {
    at = order_of[i]
    if (at in told || parent_told(at)) continue
    own = other[at]
    if (own ~ /^s/) compare(at, substr(own, 2, 1) + 0, substr(own, 3))
    else if (own ~ /^l/) compare_list(at, substr(own, 2))
    else wanted_json[at] = own
  }
  # Last, since reading the desired state overwrites what was read before.
  for (at in wanted_json) compare_json(at, wanted_json[at])
  split("", wanted_json)
  kind = ""
}

function parent_told(at) {
  while (sub(/\.[^.]*$/, "", at)) if (at in told) return 1
  return 0
}

function compare(at, there, text,   wanted) {
  wanted = json_value[at]
  # Null, or a whole object that is missing.
  if (!(at in json_value) && at in json_size) { if (!there) say(where(at) name_of(at) " is missing"); return }
  if (!there && wanted == "" && !(at in json_text)) return
  if (there && text == wanted) return
  if (wanted == "true" || wanted == "false") { say(where(at) name_of(at) " is " (text == "true" ? "on" : "off") " instead of " (wanted == "true" ? "on" : "off")); return }
  if (!there || text == "") say(where(at) name_of(at) " " wanted " is missing")
  else if (wanted == "") say(where(at) name_of(at) " " text " is not in the plan")
  else say(where(at) name_of(at) " " text " instead of " wanted)
}

function compare_list(at, words,   i, n, word, have, name) {
  n = split(words, word, " ")
  name = where(at) name_of(at)
  for (i = 1; i <= n; i++) have[word[i]]
  for (i = 0; i < json_size[at]; i++) {
    if (json_value[at "." i] in have) delete have[json_value[at "." i]]
    else say(name " " json_value[at "." i] " is missing")
  }
  for (i = 1; i <= n; i++) if (word[i] in have) say(name " " word[i] " is not in the plan")
}

# A list of objects, each named by its first entry.
function compare_json(at, text,   i, path, key, first, id, want, have, name, seen, ids, value) {
  name = where(at) name_of(at)
  for (i = 1; i <= json_paths; i++) {
    path = json_path[i]
    if (index(path, at ".") != 1 || !(path in json_value)) continue
    value = json_value[path]
    path = substr(path, length(at) + 2)
    if (split(path, key, ".") != 2) continue
    want[path] = value
    if (!(key[1] in seen)) { seen[key[1]]; ids[value] = key[1]; first = key[2] }
  }
  split("", seen)
  json_root = ""
  json_read(text)
  for (i = 0; i < json_size[""]; i++) {
    id = json_value[i "." (first == "" ? "port" : first)]
    if (!(id in ids)) { say(name " " id " is not in the plan"); continue }
    seen[id]
    for (path in want) {
      split(path, key, ".")
      if (key[1] != ids[id]) continue
      have = json_value[i "." key[2]]
      if (have != want[path]) say(name " " id ": " (key[2] == "address" ? "remote" : name_of(key[2])) " " (have == "" ? "none" : have) " instead of " want[path])
    }
  }
  for (id in ids) if (!(id in seen)) say(name " " id " is missing")
}

# The prefix of a text: "eth0: " for interfaces.0.mtu; "eth0.20: " for an entry of its trunk.
function where(at,   text) {
  if (at !~ /^interfaces\.[0-9]+\./) return ""
  text = json_value["interfaces." part(at, 2) ".name"]
  if (at ~ /\.trunk\.[0-9]+\./) text = text "." json_value["interfaces." part(at, 2) ".trunk." part(at, 4) ".vlan"]
  return text ": "
}

function part(at, i,   word) { split(at, word, "."); return word[i] }

function name_of(at,   last) {
  if (at in called) return called[at]
  last = at
  sub(/.*\./, "", last)
  if (last in called) return called[last]
  sub(/^interfaces\.[0-9]+\.(trunk\.[0-9]+\.)?/, "", at)
  return at
}

function say(text) { out(kind, lab, step, text) }

function out(of, lab, step, text) {
  print "{\"of\":" json_quote(of) (step == "" ? "" : ",\"lab\":" json_quote(lab) ",\"step\":" json_quote(step)) ",\"found\":" json_quote(text) "}"
}

# What is left of a line after N words.
function rest(n,   line) {
  line = $0
  while (n-- > 0 && sub(/^[^ ]+ ?/, "", line));
  return line
}
