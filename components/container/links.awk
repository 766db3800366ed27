# The commands for `ip -batch` that change a container's interfaces to what is wanted. Input: the lines of nics_wanted, then the actual
# state: ip -o link show, ip -o address show, ip -o route show default. The DHCP client of an interface sets its addresses and default
# route, so these are left alone.

$1 == "link" { order[++n] = $2; mtu[$2] = $3; parent[$2] = $4; vlan[$2] = $5; next }
$1 == "mac" { wanted_mac[$2] = $3; next }
$1 == "leased" { leased[$2]; lease = 1; next }
$1 == "address" { want[$2 " " $3]; addresses[++m] = $2 " " $3; next }
$1 == "gateway" { via = $3; by = $2; next }

$1 == "default" { if ($2 == "via") { had = $3; next } }
$1 !~ /^[0-9]+:$/ { next }

# "2: eth0    inet 10.0.3.10/24 brd …": an address; "2: eth0@if5: <UP…> mtu 1450 …": a link.
$3 ~ /^inet6?$/ {
  if (!($2 in mtu) || $2 in leased || / scope link/) next
  there[$2 " " $4]
  if (!(($2 " " $4) in want)) gone[++g] = "address del " $4 " dev " $2
  next
}
{
  name = $2
  sub(/(@.*)?:$/, "", name)
  for (i = 3; i < NF; i++) {
    if ($i == "mtu") is[name] = $(i + 1)
    if ($i == "link/ether") mac[name] = $(i + 1)
  }
  if ($3 !~ /[<,]UP[,>]/) down[name]
  if (name ~ /^eth[0-9]+\./ && !(name in mtu)) print "link del dev " name
}

END {
  # In the order wanted: a VLAN comes after the interface that it is on, whose MTU limits its own.
  for (i = 1; i <= n; i++) {
    name = order[i]
    if (!(name in is) && parent[name] != "") print "link add link " parent[name] " name " name " type vlan id " vlan[name]
    # Repairs what somebody changed by hand.
    if (name in wanted_mac && name in mac && mac[name] != wanted_mac[name]) print "link set dev " name " address " wanted_mac[name]
    if (is[name] != mtu[name] || name in down) print "link set dev " name " mtu " mtu[name] " up"
  }
  # Before the addresses: when the kernel removes an address, it removes the routes that depend on it too.
  if (via == "" && had != "" && !lease) print "route del default"
  for (i = 1; i <= g; i++) print gone[i]
  for (i = 1; i <= m; i++)
    if (!(addresses[i] in there)) { split(addresses[i], word, " "); print "address replace " word[2] " dev " word[1] }
  if (via != "" && (via != had || g > 0)) print "route replace default via " via " dev " by
}
