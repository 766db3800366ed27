# What there is of the interfaces inside a container, as lines for observe.awk. Input: the lines of container_ports, then
# ip -o link show, ip -o address show, ip -o route show default. For guest drift, which has many things, a line "thing …" before each;
# what is of other things passes through.

$1 == "thing" { flush(); print; next }
$1 == "nic" { at[$3] = $2; order[++n] = $3; if ($4 == "true") leased[$3]; next }
$1 ~ /^(tag|text|word|list|json|gone|fault|foreign)$/ { print; next }
$1 == "default" { if ($2 == "via") for (i = 4; i < NF; i++) if ($i == "dev") via[$(i + 1)] = $3; next }
$1 !~ /^[0-9]+:$/ { next }
$3 ~ /^inet6?$/ { if (!/ scope link/) addresses[$2] = addresses[$2] " " $4; next }
{
  name = $2
  sub(/(@.*)?:$/, "", name)
  if ($3 !~ /[<,]UP[,>]/) down[name]
  exists[name]
  for (i = 3; i < NF; i++) {
    if ($i == "mtu") mtu[name] = $(i + 1)
    if ($i == "link/ether") mac[name] = $(i + 1)
  }
}

END { flush() }

function flush(   i, name) {
  for (i = 1; i <= n; i++) {
    name = order[i]
    # For guest drift.
    if (!(name in exists)) { print "fault " at[name] " the interface " name " is missing"; continue }
    if (name in down) print "fault - the interface " name " is down"
    print "word " at[name] ".mtu " mtu[name]
    if (at[name] !~ /trunk/) print "text " at[name] ".mac " mac[name]
    if (name in leased) continue
    print "list " at[name] ".addresses" addresses[name]
    if (at[name] !~ /trunk/) print "text " at[name] ".gateway " via[name]
  }  n = 0
  split("", at); split("", leased); split("", via); split("", addresses); split("", mtu); split("", mac); split("", down); split("", exists)
}
