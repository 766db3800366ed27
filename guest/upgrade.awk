# Desired state of an older level in the form of guest/protocol.ts. Input: the envelope, and on a second line the secrets, if it has any;
# output the same. Input variables: kind, protocol.
#
# lifted() is the table: a line for each level names the function that lifts a state of that level to the next one. Such a function
# returns the envelope, and may set `secrets`. What it reads is in json_value and the like, with json_shape done.

NR == 1 { text = $0 }
NR == 2 { secrets = $0 }

END {
  for (level = level_of(text); level < protocol; level++) {
    text = lifted(level)
    # For a level that the table lacks, nothing is printed and nothing is stored.
    if (text == "") exit 1
    level_of(text)
  }
  print text
  if (secrets != "") print secrets
}

function lifted(level) {
  if (level == 2) return lifted_2()
}

# Reads it. The levels 1 and 2 had no envelope, and so no version.
function level_of(text) {
  if (json_read(text) != "") return protocol
  json_shape()
  return "v" in json_value ? json_value["v"] + 0 : "id" in json_value ? 2 : protocol
}

# Level 2 was one flat object. It had no names of devices except tunnels, and contained the environment variables of containers. Level 1
# lacked some of its fields.
function lifted_2(   state) {
  if (kind == "bridge") state = fields("name mac mtu address") ",\"guard\":" or_else("guard", "true")
  else if (kind == "port") state = port()
  else if (kind == "service")
    state = fields("bridge device local mac mtu vlan addresses nat") ",\"closed\":" or_else("closed", "[]") ",\"dhcp\":" or_else("dhcp", "null")
  else state = container()
  if (kind == "container" && json_size["env"] > 0) secrets = "{\"env\":" json_write("env") "}"
  return "{\"v\":3,\"id\":" json_write("id") ",\"lab\":" or_else("lab", "\"\"") \
    ("machine" in json_value ? ",\"machine\":" json_write("machine") : "") ",\"state\":{" state "}}"
}

function port(   state, flooding, vni) {
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
