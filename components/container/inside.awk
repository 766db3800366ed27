# The interfaces inside a container as they are, as lines for observe.awk, each printed by put(). Input: the lines of container_ports, the
# line "net FILE" with the routes (proc(5), /proc/net/route), then what `ip address show` prints, or ip -o of links, addresses and routes.
# For guest drift, which looks at many things, a line "thing …" comes before each; after "== KIND" every line is printed unchanged.

# put() may take another line as its record.
raw || $1 == "==" || $1 == "thing" { if ($1 == "==") raw = 1; line = $0; flush(); put(line); next }
$1 == "nic" { at[$3] = $2; order[++n] = $3; if ($4 == "true") leased[$3]; next }
$1 == "net" { routes($2); next }
$1 ~ /^(tag|text|word|list|json|gone|fault|foreign)$/ { put($0); next }
$1 == "default" { if ($2 == "via") for (i = 4; i < NF; i++) if ($i == "dev") via[$(i + 1)] = $3; next }
$1 == "link/ether" { mac[shown] = $2; next }
$1 ~ /^inet6?$/ { if (!/ scope link/) addresses[shown] = addresses[shown] " " $2; next }
$1 !~ /^[0-9]+:$/ { next }
$3 ~ /^inet6?$/ { if (!/ scope link/) addresses[$2] = addresses[$2] " " $4; next }
{
  shown = $2
  sub(/(@.*)?:$/, "", shown)
  if ($3 !~ /[<,]UP[,>]/) down[shown]
  exists[shown]
  for (i = 3; i < NF; i++) {
    if ($i == "mtu") mtu[shown] = $(i + 1)
    if ($i == "link/ether") mac[shown] = $(i + 1)
  }
}

END { flush() }

# "eth0 00000000 0103000A …": the default route of a device, and its gateway as a hexadecimal number in the order of bytes of x86.
function routes(file,   line, word) {
  while ((getline line < file) > 0) {
    split(line, word, /[ \t]+/)
    if (word[2] == "00000000" && word[8] == "00000000" && word[3] != "00000000") via[word[1]] = dotted(word[3])
  }
  close(file)
}

function dotted(hex,   i, text) {
  for (i = 7; i > 0; i -= 2) text = text "." (16 * digit(hex, i) + digit(hex, i + 1))
  return substr(text, 2)
}

function digit(hex, i) { return index("0123456789ABCDEF", substr(hex, i, 1)) - 1 }

function flush(   i, name) {
  for (i = 1; i <= n; i++) {
    name = order[i]
    # For guest drift.
    if (!(name in exists)) { put("fault " at[name] " the interface " name " is missing"); continue }
    if (name in down) put("fault - the interface " name " is down")
    put("word " at[name] ".mtu " mtu[name])
    if (at[name] !~ /trunk/) put("text " at[name] ".mac " mac[name])
    if (name in leased) continue
    put("list " at[name] ".addresses" addresses[name])
    if (at[name] !~ /trunk/) put("text " at[name] ".gateway " via[name])
  }
  n = 0
  split("", at); split("", leased); split("", via); split("", addresses); split("", mtu); split("", mac); split("", down); split("", exists)
}
