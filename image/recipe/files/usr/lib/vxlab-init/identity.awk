# identity.awk USER-DATA NETWORK-CONFIG: from the two JSON documents of a seed disk to one instruction a line, for
# `identity`. Not jq: jq 1.6 compiles its library at every start, 0.4 s under emulation, a tenth of the whole boot.
#
#   hostname NAME | file MODE PATH TEXT (newlines as \n) | nic MAC NAME | ip ARGUMENTS
#
# Cut at the quotation marks a document is outside, string, outside, string…; outside strings stand only
# { } [ ] : , and bare words. Values are kept by path: value["ethernets.eth0.mtu"] = "1500".

FNR == 1 { parse(); document = ""; mixed = mixed + 1 }
!/^#/ { document = document $0 "\n" }
END {
  parse()
  if (bad) { print "error not JSON: " bad; exit 1 }
  emit()
}

function parse(   pieces, n, i, text) {
  n = split(document, pieces, "\"")
  depth = 0; path[0] = ""; expect = "value"
  for (i = 1; i <= n; i++) {
    outside(pieces[i])
    if (++i > n) break
    text = pieces[i]
    while (text ~ /(^|[^\\])(\\\\)*\\$/ && i < n) text = text "\"" pieces[++i] # an escaped quotation mark
    string(text)
  }
  if (depth != 0) bad = "unfinished document " mixed
}

function outside(text,   i, c, word) {
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c ~ /[-+.0-9a-zA-Z]/) { word = word c; continue }
    if (word != "") { value_is(word); word = "" }
    if (c == "{") { open("{") }
    else if (c == "[") { open("["); index_of[depth] = 0 }
    else if (c == "}" || c == "]") { if (--depth < 0) bad = "a closing bracket too many" }
    else if (c == ":") expect = "value"
    else if (c == ",") { if (kind[depth] == "[") index_of[depth]++; else expect = "key" }
  }
  if (word != "") value_is(word)
}

function open(bracket) {
  path[depth + 1] = here()
  kind[++depth] = bracket
  expect = bracket == "{" ? "key" : "value"
}

# The path of the value that comes next.
function here(   last) {
  if (depth == 0) return ""
  last = kind[depth] == "[" ? index_of[depth] : key[depth]
  return path[depth] == "" ? last : path[depth] "." last
}

function string(text) {
  if (expect == "key" && kind[depth] == "{") { key[depth] = text; return }
  gsub(/\\\//, "/", text)
  gsub(/\\"/, "\"", text)
  value_is(text)
}

function value_is(text,   p, parts) {
  p = here()
  value[p] = text
  # network-config names its interfaces freely; they are taken in the order in which they stand there.
  if (p ~ /^ethernets\./) {
    split(p, parts, ".")
    if (!(parts[2] in seen)) { seen[parts[2]]; nic[++nics] = "ethernets." parts[2] }
  }
}

# list(PREFIX): the values of PREFIX.0, PREFIX.1 … joined by JOINT.
function list(prefix, joint,   i, all) {
  for (i = 0; (prefix "." i) in value; i++) all = all (i ? joint : "") value[prefix "." i]
  return all
}

function emit(   i, j, p, name, keys, dns, servers) {
  name = value["hostname"] == "" ? "vxlab" : value["hostname"]
  print "hostname " name
  print "file 644 /etc/hostname " name
  print "file 644 /etc/hosts 127.0.0.1 localhost\\n127.0.1.1 " name "\\n::1 localhost"
  if (value["ssh_keys.ed25519_private"] != "") print "file 600 /etc/ssh/ssh_host_ed25519_key " value["ssh_keys.ed25519_private"]
  if (value["ssh_keys.ed25519_public"] != "") print "file 644 /etc/ssh/ssh_host_ed25519_key.pub " value["ssh_keys.ed25519_public"]
  keys = list("ssh_authorized_keys", "\\n")
  for (i = 0; (p = list("users." i ".ssh_authorized_keys", "\\n")) != ""; i++) keys = keys (keys == "" ? "" : "\\n") p
  if (keys != "") print "file 600 /root/.ssh/authorized_keys " keys

  for (i = 1; i <= nics; i++) {
    p = nic[i]
    name = value[p ".set-name"] != "" ? value[p ".set-name"] : substr(p, 11)
    if (value[p ".match.macaddress"] != "") print "nic " tolower(value[p ".match.macaddress"]) " " name
    print "ip link set " name (value[p ".mtu"] == "" ? "" : " mtu " value[p ".mtu"]) " up"
    for (j = 0; (p ".addresses." j) in value; j++) print "ip addr replace " value[p ".addresses." j] " dev " name
    for (j = 0; (p ".routes." j ".to") in value; j++)
      print "ip route replace " value[p ".routes." j ".to"] " via " value[p ".routes." j ".via"] " dev " name
    servers = list(p ".nameservers.addresses", "\\nnameserver ")
    if (servers != "") dns = dns (dns == "" ? "" : "\\n") "nameserver " servers
  }
  if (dns != "") print "file 644 /etc/resolv.conf " dns
}
