# The flows of a segment's own bridge, from its desired state. Port 1 leads to the host bridge, port 2 is the tunnel.
#
#   from the tunnel    only what a peer sent, and only to the host bridge; on a hub to the other peers as well
#   to the tunnel      to one VTEP what is for a station that is known, and neighbour solicitations for its address;
#                      ARP requests for one are answered here; the rest goes to each peer
#
# Only what is broadcast or multicast is answered or turned: a unicast probe asks whether the station is alive, and only
# the station can say.

BEGIN { json_root = "state" }
NR == 1 { text = $0 }

END {
  fault = json_read(text)
  if (fault != "") { print "desired state is not JSON: " fault; exit 1 }
  n = json_size["remotes"]
  for (i = 0; i < n; i++) { peer[i] = address(json_value["remotes." i ".address"]); known[peer[i]] }
  hub = json_value["protected"] == "false"
  for (i = 0; i < n; i++) {
    actions = inward(i)
    out[++lines] = "priority=200,in_port=2," field(peer[i], "src") "=" peer[i] " actions=" actions
  }
  out[++lines] = "priority=100,in_port=2 actions=drop"
  for (i = 0; i < json_size["stations"]; i++) station("stations." i ".")
  out[++lines] = "priority=0,in_port=1 actions=" (n ? each(-1, "output:2") : "drop")
  if (bad != "") { print "desired state holds text where an address belongs: " bad; exit 1 }
  for (i = 1; i <= lines; i++) print out[i]
}

function station(at,   mac, vtep, i, ip) {
  mac = address(json_value[at "mac"])
  vtep = address(json_value[at "vtep"])
  # A spoke reaches all others through its hub.
  if (!(vtep in known)) { if (n != 1) return; vtep = peer[0] }
  for (i = 0; i < json_size[at "addresses"]; i++) {
    ip = address(json_value[at "addresses." i])
    out[++lines] = ip ~ /:/ ? nd(ip, vtep) : arp(mac, ip)
  }
  out[++lines] = "priority=80,in_port=1,dl_dst=" mac " actions=" to(vtep) ",output:2"
  if (hub) out[++lines] = "table=1,priority=80,dl_dst=" mac " actions=" to(vtep) ",in_port"
}

function arp(mac, ip) {
  return "priority=90,in_port=1,dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_tpa=" ip \
    " actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],set_field:" mac "->eth_src,set_field:2->arp_op" \
    ",move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[]" \
    ",set_field:" mac "->arp_sha,set_field:" ip "->arp_spa,in_port"
}

# One copy, to the one host that has the address. An answer of our own cannot be: the kernel's datapath sets neither the
# flags of an advertisement nor the type of its option (Open vSwitch 3.1 refuses nd_reserved and nd_options_type there).
function nd(ip, vtep) {
  return "priority=90,in_port=1,dl_dst=33:33:00:00:00:00/ff:ff:00:00:00:00,icmp6,icmp_type=135,icmp_code=0,nd_target=" ip \
    " actions=" to(vtep) ",output:2"
}

# Only a hub forwards from tunnel to tunnel; register 0 tells table 1 which peer sent the frame.
function inward(i,   others) {
  if (!hub) return "output:1"
  others = each(i, "in_port")
  out[++lines] = "table=1,priority=10,reg0=" (i + 1) " actions=output:1" (others == "" ? "" : ",") others
  return "load:" (i + 1) "->NXM_NX_REG0[],resubmit(,1)"
}

# A copy for each peer but one.
function each(but, way,   i, text) {
  for (i = 0; i < n; i++) if (i != but) text = text (text == "" ? "" : ",") to(peer[i]) "," way
  return text
}

function to(vtep) { return "set_field:" vtep "->" field(vtep, "dst") }
function field(vtep, end) { return (vtep ~ /:/ ? "tun_ipv6_" : "tun_") end }

function address(text) {
  if (text !~ /^[0-9A-Fa-f.:]+$/) bad = "\"" text "\""
  return text
}
