# Writes the flows of a container's ports, one file for each port, in the form that ovs-ofctl reads (ovs-ofctl(8), add-flows). Input,
# from nics_senders:
#
#   port VETH MAC leased|- secured|open|closed
#   source VLAN|- PREFIX        an allowed source prefix; on a trunk, of frames with this VLAN tag
#   open VLAN                   on a trunk: frames with this tag are not filtered
#   forward VLAN|- PREFIX       a router's: sources of packets that it forwards
#   within VLAN|- PREFIX        a network inside of these whose sources it must not forward
#
# By priority:
#   210  open VLANs of a trunk
#   200  drop: DHCP and DHCPv6 answers, router advertisements, redirects
#   160  neighbour advertisements for its own addresses; table 1 checks their source address
#   150  from its own MAC: ARP, IPv4 and IPv6 with its own addresses
#   145  a router's: drop what is from its own segment
#   140  a router's: IPv4 and IPv6 from its own MAC with the sources that it forwards; never ARP and neighbour discovery
#   100  drop everything else
#
# A port without port security has no flows: its frames match the bridge's NORMAL flow.

$1 == "port" { begin($2, $3, $4 == "leased", $5); next }
$1 == "open" { if ($2 !~ /^[0-9]+$/) bad = $2; flow(210, "dl_vlan=" $2, "NORMAL"); next }
$1 == "source" && $3 ~ /^[0-9A-Fa-f.:]+\/[0-9]+$/ && $2 ~ /^(-|[0-9]+)$/ {
  vlan = $2 == "-" ? "" : "dl_vlan=" $2 ","
  if ($3 ~ /:/) source6($3); else source4($3)
  next
}
($1 == "forward" || $1 == "within") && $3 ~ /^[0-9A-Fa-f.:]+\/[0-9]+$/ && $2 ~ /^(-|[0-9]+)$/ {
  vlan = $2 == "-" ? "" : "dl_vlan=" $2 ","
  if ($1 == "within") flow(145, vlan source($3), "drop")
  else {
    # What discovers neighbours is for its own addresses alone.
    if ($3 ~ /:/) for (i = 133; i <= 137; i++) flow(142, vlan "icmp6,icmp_type=" i, "drop")
    flow(140, vlan source($3) ",dl_src=" mac, "NORMAL")
  }
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
  # Flows of this port under an earlier number, then flows of an earlier port with this number.
  print "delete cookie=" cookie "/-1" >file
  print "delete cookie=0x5ec0000000000000/0xffff000000000000," port >file
  if (secured == "closed") flow(100, "", "drop")
  if (secured != "secured") return
  # Clients accept offers from any source port. In fragments, ports and ICMP types read as 0 (ovs-fields(7), frag mode normal).
  flow(200, "udp,tp_src=67", "drop")
  flow(200, "udp,tp_dst=68", "drop")
  flow(200, "udp,nw_dst=255.255.255.255,ip_frag=yes", "drop")
  flow(200, "udp6,tp_src=547", "drop")
  flow(200, "udp6,tp_dst=546", "drop")
  flow(200, "udp6,ipv6_dst=fe80::/10,ip_frag=yes", "drop")
  flow(200, "icmp,icmp_type=5", "drop")
  flow(200, "icmp6,icmp_type=134", "drop")
  flow(200, "icmp6,icmp_type=137", "drop")
  # Linux ignores fragmented neighbour discovery (RFC 6980); other receivers may not.
  flow(200, "icmp6,dl_dst=33:33:00:00:00:00/ff:ff:00:00:00:00,ip_frag=yes", "drop")
  flow(155, "icmp6,icmp_type=136", "drop")
  flow(100, "", "drop")
  if (leased) flow(150, "udp,dl_src=" mac ",nw_src=0.0.0.0,nw_dst=255.255.255.255,tp_src=68,tp_dst=67", "NORMAL")
}

function source4(prefix,   own) {
  own = vlan "arp,dl_src=" mac ",arp_sha=" mac
  flow(150, own within("arp_spa", prefix), "NORMAL")
  # Address conflict detection (RFC 5227 section 1.1).
  if (!((vlan "probe") in seen)) { seen[vlan "probe"]; flow(150, own ",arp_op=1,arp_spa=0.0.0.0", "NORMAL") }
  flow(150, vlan "ip,dl_src=" mac within("nw_src", prefix), "NORMAL")
}

function source6(prefix,   own) {
  flow(150, vlan "ipv6,dl_src=" mac within("ipv6_src", prefix), "NORMAL")
  # Duplicate address detection (RFC 4862 section 5.4.2).
  own = ",icmp_code=0,dl_src=" mac within("nd_target", prefix)
  flow(150, vlan "icmp6,icmp_type=135,ipv6_src=::" own, "NORMAL")
  flow(160, vlan "icmp6,icmp_type=136" own, "resubmit(,1)")
  print "cookie=" cookie ",table=1,priority=150," port "," vlan "ipv6" within("ipv6_src", prefix) " actions=NORMAL" >file
}

function source(prefix) { return prefix ~ /:/ ? "ipv6" within("ipv6_src", prefix) : "ip" within("nw_src", prefix) }

# A prefix of length 0 matches every address.
function within(field, prefix) { return prefix ~ /\/0$/ ? "" : "," field "=" prefix }

function flow(priority, match_, actions) {
  print "cookie=" cookie ",priority=" priority "," port (match_ == "" ? "" : ",") match_ " actions=" actions >file
}

# 0x5ec0 and a 48-bit hash of the name. It is never 0, which is the cookie of the bridge's NORMAL flow. Two hashes of 24 bits,
# because awk's numbers are exact up to 2^53 only.
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
