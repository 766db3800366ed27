# Desired state of level 1 or 2 in the form of guest/protocol.ts: the envelope, and on a second line the secrets, if it has any. Input
# variables: kind, protocol. The old form was one flat object. It had no version, no names of devices but those of tunnels, and the
# environment variables of containers among everything else.

NR == 1 { text = $0 }

END {
  if (json_read(text) != "" || !("id" in json_value) || "v" in json_value) { print text; exit }
  json_shape()
  if (kind == "bridge") state = fields("name mac mtu address") ",\"guard\":" or_else("guard", "true")
  else if (kind == "port") state = port()
  else if (kind == "service")
    state = fields("bridge device local mac mtu vlan addresses nat") ",\"closed\":" or_else("closed", "[]") ",\"dhcp\":" or_else("dhcp", "null")
  else state = container()
  print "{\"v\":" protocol ",\"id\":" json_write("id") ",\"lab\":" or_else("lab", "\"\"") \
    ("machine" in json_value ? ",\"machine\":" json_write("machine") : "") ",\"state\":{" state "}}"
  if (kind == "container" && json_size["env"] > 0) print "{\"env\":" json_write("env") "}"
}

function port(   flooding, vni) {
  flooding = or_else("flooding", "\"unicast\"")
  vni = json_value["vni"]
  state = fields("bridge vni") ",\"encapsulation\":\"vxlan\"," fields("udpPort local vlan") ",\"flooding\":" flooding
  if (flooding == "\"multicast\"")
    return state "," fields("group ttl mtu") ",\"devices\":{\"tunnel\":\"vm" vni "\"},\"remotes\":" ("remotes" in json_size ? remotes("") : "null")
  state = state ",\"protected\":" or_else("protected", "true")
  if (flooding == "\"flow\"")
    return state ",\"devices\":{\"bridge\":\"bf" vni "\",\"tunnel\":\"vf" vni "\",\"patch\":\"pf" vni "\",\"peer\":\"pb" vni "\"}" \
      ",\"remotes\":" remotes("") ",\"stations\":" or_else("stations", "[]")
  return state ",\"remotes\":" remotes("name")
}

# With the key of the port name, if there is one.
function remotes(name,   i, out) {
  for (i = 0; i < json_size["remotes"]; i++)
    out = out (i ? "," : "") "{" (name == "" ? "" : "\"port\":" json_write("remotes." i "." name) ",") "\"address\":" json_write("remotes." i ".address") "}"
  return "[" out "]"
}

function container(   i, out, nic) {
  # One interface, before there could be several.
  if (!("interfaces" in json_size))
    out = "{\"name\":\"eth0\"," fields("bridge veth mac mtu") ",\"addresses\":[" json_write("address") "],\"dhcp\":false,\"gateway\":null," \
      fields("vlan") ",\"trunk\":[],\"sources\":null}"
  for (i = 0; i < json_size["interfaces"]; i++) {
    nic = "interfaces." i
    out = out (i ? "," : "") "{" fields("name bridge veth mac mtu addresses dhcp gateway vlan", nic ".") ",\"trunk\":" trunk(nic ".trunk") \
      ",\"sources\":" or_else(nic ".sources", "null") "}"
  }
  if (or_else("kind", "\"lxc\"") == "\"docker\"") return fields("name") ",\"kind\":\"docker\"," fields("image archive command") ",\"interfaces\":[" out "]"
  return fields("name") ",\"kind\":\"lxc\"," fields("rootfs command") ",\"interfaces\":[" out "]"
}

function trunk(at,   i, out) {
  for (i = 0; i < json_size[at]; i++)
    out = out (i ? "," : "") "{" fields("vlan addresses mtu", at "." i ".") ",\"sources\":" or_else(at "." i ".sources", "null") "}"
  return "[" out "]"
}

# fields("KEY ...", BASE): "key":value, for each; null for what is missing.
function fields(keys, base,   key, n, i, out) {
  n = split(keys, key, " ")
  for (i = 1; i <= n; i++) out = out (i > 1 ? "," : "") json_quote(key[i]) ":" or_else(base key[i], "null")
  return out
}

function or_else(at, text) { return at in json_value || at in json_size ? json_write(at) : text }
