# The rules of the host guard, from the fragments that guard.sh keeps: one line for each fact, words with spaces between.
#
#   bridge BRIDGE off                  the guard is switched off for this bridge and what is on it
#   inner BRIDGE DEVICE [ADDRESS...]   an interface by which the host is in a segment, and its addresses there
#   bridged BRIDGE DEVICE              the same without addresses, and with IPv6 on
#   vni BRIDGE PORT VNI UNDER PEER...  a segment: its UDP port, the interface of the VTEP (- or :, any), who may send (any: all)
#   wg BRIDGE DEVICE PORT PEER...      encrypts the segments of BRIDGE: its UDP port, and who may send there
#   bgp BRIDGE VTEP PEER...            a route reflector, and who may open a session with it
#   dhcp BRIDGE DEVICE                 lends addresses there
#   nat BRIDGE DEVICE                  a gateway for IPv4
#   nat6 BRIDGE DEVICE                 a gateway for IPv6
#   closed BRIDGE NETWORK...           what a gateway does not lead to
#   dns BRIDGE ADDRESS...              name servers, to which it leads all the same
#   direct BRIDGE FAMILY...            4, 6: the default route has no next hop, as on a point-to-point link
#
# Prints nothing when there is nothing to guard. No apostrophe in here: the shell has this text in quotes.

{ split($0, word, " ") }
word[1] == "bridge" { if (word[3] == "off") off[word[2]]; next }
{ line[++lines] = $0 }

END {
  for (l = 1; l <= lines; l++) { n = split(line[l], word, " "); if (word[1] == "wg" && !(word[2] in off)) encrypts() }
  for (l = 1; l <= lines; l++) { n = split(line[l], word, " "); if (!(word[2] in off)) take() }
  if (inner == "") exit
  print "table inet vxlab_guard"
  print "delete table inet vxlab_guard"
  print "table inet vxlab_guard {"
  if (closed != "") print "  set closed {\n    type ipv4_addr; flags interval; auto-merge\n    elements = { " closed " }\n  }"
  if (nat6 != "" && closed6 != "") print "  set closed6 {\n    type ipv6_addr; flags interval; auto-merge\n    elements = { " closed6 " }\n  }"
  if (nat != "" && !(4 in direct)) hops("hops", "ipv4_addr")
  if (nat6 != "" && !(6 in direct)) hops("hops6", "ipv6_addr")
  input()
  output()
  forward()
  print "}"
}

function take(   key, i) {
  if (word[1] == "inner" || word[1] == "bridged") {
    inner = joined(inner, quoted(word[3]))
    name[++devices] = word[3]
    for (i = 4; i <= n; i++) {
      key = quoted(word[3]) " . " bare(word[i])
      if (word[i] ~ /:/) own6 = joined(own6, key)
      else own4 = joined(own4, key)
    }
  } else if (word[1] == "vni") {
    if (!(word[3] in vnis)) port[++ports] = word[3]
    vnis[word[3]] = joined(vnis[word[3]], word[4])
    # Encrypted tunnel packets are accepted from the WireGuard device only, even if it does not exist yet.
    if (word[2] in wireguard) word[5] = wireguard[word[2]]
    key = word[5] ~ /^[-:]$/ ? "" : "iifname " quoted(word[5]) " "
    key = key "@th,96,24 { VNIS }" senders(6) " accept"
    if (!((word[3], key) in group)) rule[word[3], ++rules[word[3]]] = key
    group[word[3], key] = joined(group[word[3], key], word[4])
    if (word[2] in wireguard) {
      key = "oifname != " quoted(wireguard[word[2]]) " udp dport " word[3]
      if (!(key in leaking)) leak[++leaks] = key
      leaking[key] = joined(leaking[key], word[4])
    }
  } else if (word[1] == "bgp") {
    vtep[++speakers] = word[3]
    if (word[2] in wireguard) through[speakers] = wireguard[word[2]]
    session[speakers] = peersFrom(4)
  } else if (word[1] == "dhcp") dhcp = joined(dhcp, quoted(word[3]))
  else if (word[1] == "nat") { nat = joined(nat, quoted(word[3])); gateway[word[3]] }
  else if (word[1] == "nat6") { nat6 = joined(nat6, quoted(word[3])); gateway[word[3]] }
  else if (word[1] == "closed") { for (i = 3; i <= n; i++) if (word[i] ~ /:/) closed6 = joined(closed6, word[i]); else closed = joined(closed, word[i]) }
  else if (word[1] == "dns") { for (i = 3; i <= n; i++) dns = joined(dns, word[i]) }
  else if (word[1] == "direct") { for (i = 3; i <= n; i++) direct[word[i]] }
}

function encrypts() {
  wireguard[word[2]] = word[3]
  if (!(word[4] in partners)) wgport[++wgports] = word[4]
  partners[word[4]] = partners[word[4]] "    " substr(senders(5), 2) " accept\n"
}

# Who may send, from word number `first` on. Without a peer no sender is accepted.
function senders(first,   peers) {
  if (word[first] == "any") return ""
  peers = peersFrom(first)
  if (peers == "") return " ip saddr 0.0.0.0"
  return (peers ~ /:/ ? " ip6" : " ip") " saddr { " peers " }"
}

function peersFrom(first,   i, peers) {
  for (i = first; i <= n; i++) peers = joined(peers, word[i])
  return peers
}

function input(   i, j, p, text) {
  print "  chain input {"
  print "    type filter hook input priority filter; policy accept;"
  print "    iifname { " inner " } jump inside"
  for (i = 1; i <= ports; i++) print "    udp dport " port[i] " jump tunnels_" port[i]
  for (i = 1; i <= wgports; i++) print "    udp dport " wgport[i] " jump wireguard_" wgport[i]
  for (i = 1; i <= speakers; i++) {
    if (through[i] != "") print "    ip daddr " vtep[i] " tcp dport 179 iifname != " quoted(through[i]) " counter drop"
    print "    ip daddr " vtep[i] " tcp dport 179" (session[i] == "" ? "" : " ip saddr != { " session[i] " }") " counter drop"
  }
  print "  }"
  for (i = 1; i <= wgports; i++) print "  chain wireguard_" wgport[i] " {\n" partners[wgport[i]] "    counter drop\n  }"
  # The owner of this host may have tunnels with other VNIs on the same UDP port. The VNI is the 24 bits after the UDP header and four bytes
  # of flags (RFC 7348 section 5).
  for (i = 1; i <= ports; i++) {
    p = port[i]
    print "  chain tunnels_" p " {"
    for (j = 1; j <= rules[p]; j++) {
      text = rule[p, j]
      sub(/VNIS/, group[p, text], text)
      print "    " text
    }
    print "    @th,96,24 { " vnis[p] " } counter drop"
    print "  }"
  }
  print "  chain inside {"
  # Replies to connections that this host opened from its own address in that segment. Without the address, conntrack would accept
  # packets of connections that go by other interfaces.
  if (own4 != "") print "    iifname . ip daddr { " own4 " } ct direction reply ct state established accept"
  if (own6 != "") print "    iifname . ip6 daddr { " own6 " } ct direction reply ct state established accept"
  icmp()
  print "    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, echo-reply, nd-neighbor-solicit, nd-neighbor-advert } accept"
  if (nat6 != "") print "    iifname { " nat6 " } icmpv6 type nd-router-solicit accept"
  if (dhcp != "") print "    iifname { " dhcp " } udp dport 67 accept"
  print "    counter drop"
  print "  }"
}

# Tunnel packets that must be encrypted may leave by the WireGuard device only.
function output(   i) {
  if (!leaks) return
  print "  chain output {"
  print "    type filter hook output priority filter; policy accept;"
  for (i = 1; i <= leaks; i++) print "    " leak[i] " @th,96,24 { " leaking[leak[i]] " } counter drop"
  print "  }"
}

function forward(   i, tunnels, shut) {
  for (i = 1; i <= devices; i++) if (!(name[i] in gateway)) shut = joined(shut, quoted(name[i]))
  print "  chain forward {"
  print "    type filter hook forward priority filter; policy accept;"
  print "    iifname { " inner " } jump outside"
  if (shut != "") print "    oifname { " shut " } counter drop"
  print "  }"
  print "  chain outside {"
  if (nat nat6 == "") print "    counter drop"
  else {
    if (nat6 == "") print "    iifname != { " nat " } counter drop"
    else print "    meta nfproto ipv4" from(nat) " counter drop"
    print "    meta nfproto ipv6" from(nat6) " counter drop"
    # All usual ports, even if this host does not use them: other hosts may.
    tunnels = "@USUAL_PORTS@"
    for (i = 1; i <= ports; i++) if (port[i] !~ /^(@ANY_USUAL_PORT@)$/) tunnels = tunnels ", " port[i]
    print "    udp dport { " tunnels " } counter drop"
    print "    ct direction reply ct state established accept"
    icmp()
    if (nat6 != "") print "    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, echo-reply } accept"
    if (dns != "") print "    ip daddr { " dns " } meta l4proto { tcp, udp } th dport 53 accept"
    if (closed != "") print "    ip daddr @closed counter drop"
    if (nat6 != "" && closed6 != "") print "    ip6 daddr @closed6 counter drop"
    if (nat != "" && !(4 in direct)) beyond("ip", "hops", "ipv4")
    if (nat6 != "" && !(6 in direct)) beyond("ip6", "hops6", "ipv6")
  }
  print "  }"
}

# Closes unplanned hosts on the links of this host: for these, the next hop is the destination itself; for everything behind a router, it is
# the router. nft cannot compare two fields of a packet, but a set can store one and look up the other. If the set is full, nothing passes.
function hops(name, type) { print "  set " name " {\n    type " type "; size 16384; flags dynamic,timeout; timeout 1s\n  }" }

function beyond(ip, set, family) {
  print "    update @" set " { rt " ip " nexthop } " ip " daddr != @" set " return"
  print "    meta nfproto " family " counter drop"
}

# Each IP family may leave by its gateways only.
function from(gateways) { return gateways == "" ? "" : " iifname != { " gateways " }" }

function icmp() { print "    icmp type { echo-reply, destination-unreachable, echo-request, time-exceeded, parameter-problem } accept" }

# nft refuses duplicate elements.
function joined(list, one) { return index(", " list ",", ", " one ",") ? list : list (list == "" ? "" : ", ") one }

function quoted(text) { return "\"" text "\"" }

function bare(address) { sub(/\/.*/, "", address); return address }
