# The flows of a container's ports, one file for each, which ovs-ofctl reads (ovs-ofctl(8), add-flows). Input, from nics_senders:
#
#   port VETH MAC leased|- secured|open
#   source VLAN|- PREFIX        what may be its source address; the VLAN is a tag on the frame, on a trunk
#   open VLAN                   on a trunk: what has this tag is not looked at
#
#   200  never: DHCP and DHCPv6 servers, router advertisements, redirects
#   150  from its own MAC: its own IPv4, IPv6 and ARP; 160, table 1: neighbour advertisements for its own addresses
#   100  nothing else
#
# A port that is open has no flows: what it sends meets the bridge's own, NORMAL.

$1 == "port" { begin($2, $3, $4 == "leased", $5 == "secured"); next }
$1 == "open" { if ($2 !~ /^[0-9]+$/) bad = $2; flow(210, "dl_vlan=" $2, "NORMAL"); next }
$1 == "source" && $3 ~ /^[0-9A-Fa-f.:]+\/[0-9]+$/ && $2 ~ /^(-|[0-9]+)$/ {
  vlan = $2 == "-" ? "" : "dl_vlan=" $2 ","
  if ($3 ~ /:/) source6($3); else source4($3)
  next
}
{ bad = $0 }

END { if (bad != "") { print "desired state holds text where an address belongs: " bad; exit 1 } }

function begin(veth, address, leased, secured) {
  if (address !~ /^[0-9A-Fa-f:]+$/) bad = address
  close(file)
  file = folder "/" veth
  cookie = cookie_of(veth)
  port = "in_port=\"" veth "\""
  mac = address
  split("", seen)
  # What it left under another number, then what another left under its number.
  print "delete cookie=" cookie "/-1" >file
  print "delete cookie=0x5ec0000000000000/0xffff000000000000," port >file
  if (!secured) return
  # A client takes an offer from any source port. Of fragments Open vSwitch sees no ports, no types: they read 0 (ovs-fields(7)).
  flow(200, "udp,tp_src=67", "drop")
  flow(200, "udp,tp_dst=68", "drop")
  flow(200, "udp,nw_dst=255.255.255.255,ip_frag=yes", "drop")
  flow(200, "udp6,tp_src=547", "drop")
  flow(200, "udp6,tp_dst=546", "drop")
  flow(200, "udp6,ipv6_dst=fe80::/10,ip_frag=yes", "drop")
  flow(200, "icmp,icmp_type=5", "drop")
  flow(200, "icmp6,icmp_type=134", "drop")
  flow(200, "icmp6,icmp_type=137", "drop")
  # Linux ignores fragments of neighbour discovery (RFC 6980); who listens to multicast may be something else.
  flow(200, "icmp6,dl_dst=33:33:00:00:00:00/ff:ff:00:00:00:00,ip_frag=yes", "drop")
  flow(155, "icmp6,icmp_type=136", "drop")
  flow(100, "", "drop")
  if (leased) flow(150, "udp,dl_src=" mac ",nw_src=0.0.0.0,nw_dst=255.255.255.255,tp_src=68,tp_dst=67", "NORMAL")
}

function source4(prefix,   own) {
  own = vlan "arp,dl_src=" mac ",arp_sha=" mac
  flow(150, own within("arp_spa", prefix), "NORMAL")
  # It asks whether somebody has its address (RFC 5227 section 1.1).
  if (!((vlan "probe") in seen)) { seen[vlan "probe"]; flow(150, own ",arp_op=1,arp_spa=0.0.0.0", "NORMAL") }
  flow(150, vlan "ip,dl_src=" mac within("nw_src", prefix), "NORMAL")
}

function source6(prefix,   own) {
  flow(150, vlan "ipv6,dl_src=" mac within("ipv6_src", prefix), "NORMAL")
  # The same question (RFC 4862 section 5.4.2).
  own = ",icmp_code=0,dl_src=" mac within("nd_target", prefix)
  flow(150, vlan "icmp6,icmp_type=135,ipv6_src=::" own, "NORMAL")
  flow(160, vlan "icmp6,icmp_type=136" own, "resubmit(,1)")
  print "cookie=" cookie ",table=1,priority=150," port "," vlan "ipv6" within("ipv6_src", prefix) " actions=NORMAL" >file
}

# A prefix of length 0 is every address.
function within(field, prefix) { return prefix ~ /\/0$/ ? "" : "," field "=" prefix }

function flow(priority, match_, actions) {
  print "cookie=" cookie ",priority=" priority "," port (match_ == "" ? "" : ",") match_ " actions=" actions >file
}

# 0x5ec0, then 48 bits of the name, not all zero: the bridge's own flow has those. Two sums: awk counts exactly up to 2^53 only.
function cookie_of(name,   i, code, a, b) {
  a = 1; b = 7
  for (i = 1; i <= length(name); i++) {
    code = index(CHARACTERS, substr(name, i, 1))
    a = (a * 131 + code) % 16777213
    b = (b * 137 + code) % 16777199
  }
  return sprintf("0x5ec0%06x%06x", a, b + 1)
}

BEGIN { CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/@,-" }
