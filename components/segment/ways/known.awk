# The stations of one segment on this host, from its files of desired state: a line each, the MAC and addresses without prefix lengths.
# Variables: bridge, vlan ("" for untagged). No apostrophe in here: the shell has this text in quotes.

BEGIN { json_root = "state" }

FNR == 1 {
  kind = FILENAME
  sub(/.*\//, "", kind)
  sub(/-.*/, "", kind)
  if (json_read($0) != "") next
  if (kind == "container") for (i = 0; i < json_size["interfaces"]; i++) interface("interfaces." i)
  else if (kind == "service" && json_value["bridge"] == bridge && json_value["vlan"] == vlan) say(json_value["mac"], listed("addresses"))
  # Its own interface is untagged, and answers only when it has an address.
  else if (kind == "bridge" && json_value["name"] == bridge && vlan == "" && json_value["address"] != "")
    say(json_value["mac"], " " json_value["address"])
}

function interface(at,   i) {
  if (json_value[at ".bridge"] != bridge) return
  if (json_size[at ".trunk"] == 0 && json_value[at ".vlan"] == vlan) say(json_value[at ".mac"], listed(at ".addresses"))
  for (i = 0; i < json_size[at ".trunk"]; i++)
    if (json_value[at ".trunk." i ".vlan"] == vlan) say(json_value[at ".mac"], listed(at ".trunk." i ".addresses"))
}

function listed(at,   i, out) {
  for (i = 0; i < json_size[at]; i++) out = out " " json_value[at "." i]
  return out
}

function say(mac, addresses) {
  gsub(/\/[0-9]+/, "", addresses)
  if (mac !~ /^[0-9a-fA-F:]+$/ || addresses ~ /[^0-9a-fA-F:. ]/) return
  print tolower(mac) addresses
}
