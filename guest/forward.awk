# Other programs' base chains that drop forwarded packets of a gateway, or packets for a container's ports. Input: nft -s list ruleset.
# Variables: device, and address with its prefix length. Output: FAMILY TABLE CHAIN, one a line. A chain drops by its policy, or by a last
# rule without a match (firewalld). A table is assumed to let the packets through if it accepts the device by name, its subnet, or, for a
# single address, translated (DNAT) packets: more cannot be known without sending a packet.

BEGIN {
  split(address, part, "/")
  alone = part[2] == 32
  subnet = alone ? part[1] : network(part[1], part[2]) "/" part[2]
}

$1 == "table" { family = $2; table = $3; n = 0; opened = 0; next }
$1 == "chain" { chain = $2; base = 0; last = ""; next }
$1 == "type" && / hook forward / { base = 1; closed = / policy drop;/; next }
/^}/ {
  if (!opened && table !~ /^vxlab/) for (i = 1; i <= n; i++) print family, table, found[i]
  next
}
$1 == "}" {
  if (base && (closed || last ~ /^(counter )?(drop|reject)( |$)/)) found[++n] = chain
  base = 0
  next
}
{
  last = $0
  sub(/^[ \t]+/, "", last)
  sub(/ counter packets [0-9]+ bytes [0-9]+/, "", last)
  if (/ accept( |$)/ && (index($0, "\"" device "\"") || index($0, " " subnet " ") || (alone && /ct status dnat /))) opened = 1
}

# Without the operator ^, which busybox's awk may lack.
function network(text, bits,   byte, i, left, size, n, out) {
  split(text, byte, ".")
  left = bits
  for (i = 1; i <= 4; i++) {
    size = 1
    for (n = left > 0 ? left : 0; n < 8; n++) size *= 2
    out = out (i > 1 ? "." : "") (int(byte[i] / size) * size)
    left -= 8
  }
  return out
}
