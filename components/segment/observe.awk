# What Open vSwitch has of a port's step, as lines for observe.awk (guest/). Input, one document each (RFC 7047 section 5.1): the desired
# state; the step's ports (name, tag, protected); its interfaces (name, type, options); its bridges (name). Then, for a multicast
# segment, ip -d -o link show of its device. Variables: bridge, on which its first port is; flows, "same" if the flows of a flow
# segment are as wanted.

BEGIN { json_root = "state" }

NR == 1 { read_desired($0); next }
NR == 2 { read_ports($0); next }
NR == 3 { read_interfaces($0); next }
NR == 4 { json_root = ""; json_read($0); if (json_size["data"] > 0) behind = json_value["data.0.0"]; next }
{ device = device " " $0 }

END {
  # A port without remotes has nothing on its host.
  if (flooding == "unicast" && remotes == 0 && ports == 0) exit
  if (ports == 0) { print "gone"; exit }
  print "text bridge " bridge
  if (flooding == "unicast") unicast()
  else if (flooding == "flow") flow()
  else multicast()
}

function read_desired(text,   i) {
  json_read(text)
  flooding = json_value["flooding"]
  patch = json_value["devices.patch"]
  tunnel = json_value["devices.tunnel"]
  remotes = json_size["remotes"]
  for (i = 0; i < remotes; i++) wanted_port[i] = json_value["remotes." i ".port"]
  for (i in json_value) wanted[i] = json_value[i]
}

function read_ports(text,   i, name) {
  json_root = ""
  json_read(text)
  ports = json_size["data"]
  for (i = 0; i < ports; i++) {
    name = json_value["data." i ".0"]
    tag[name] = ("data." i ".1") in json_value ? json_value["data." i ".1"] : "[]"
    split_horizon[name] = json_value["data." i ".2"]
  }
}

function read_interfaces(text,   i, k, name) {
  json_root = ""
  json_read(text)
  for (i = 0; i < json_size["data"]; i++) {
    name = json_value["data." i ".0"]
    names[++n] = name
    type[name] = json_value["data." i ".1"]
    for (k = 0; k < json_size["data." i ".2.1"]; k++)
      option[name, json_value["data." i ".2.1." k ".0"]] = json_value["data." i ".2.1." k ".1"]
  }
}

# Of several tunnels the one that is not as wanted speaks for all.
function unicast(   i, name, list) {
  for (i = 1; i <= n; i++) {
    name = names[i]
    one("text", "encapsulation", type[name])
    one("word", "vni", option[name, "key"])
    one("word", "udpPort", option[name, "dst_port"])
    one("text", "local", option[name, "local_ip"])
    one("tag", "vlan", tag[name])
    one("word", "protected", split_horizon[name])
  }
  for (i in said) print said[i]
  for (i = 0; i < remotes; i++) if (wanted_port[i] in type) { list = list remote(wanted_port[i]); known[wanted_port[i]] }
  for (i = 1; i <= n; i++) if (!(names[i] in known)) list = list remote(names[i])
  print "json remotes [" substr(list, 2) "]"
}

function one(form, at, text) {
  if (form == "tag" && text == "0") text = ""
  if (!(at in said) || text != wanted[at]) said[at] = (form == "tag" ? "word" : form) " " at (text == "" ? "" : " " (text == "[]" ? 0 : text))
}

function remote(name) { return ",{\"port\":" json_quote(name) ",\"address\":" json_quote(option[name, "remote_ip"]) "}" }

function flow() {
  print "text encapsulation " type[tunnel]
  print "word vni " option[tunnel, "key"]
  print "word udpPort " option[tunnel, "dst_port"]
  print "text local " option[tunnel, "local_ip"]
  print "tag vlan " tag[patch]
  print "word protected " split_horizon[patch]
  print "text devices.bridge " behind
  if (!(tunnel in type)) print "text devices.tunnel"
  if (!(patch in type)) print "text devices.patch"
  print "text devices.peer " option[patch, "peer"]
  if (flows != "same") { print "word remotes"; print "word stations" }
}

# "7: vm100: <…> mtu 1450 … \    vxlan id 100 group 239.0.0.100 dev eth0 local 192.168.10.156 srcport 0 0 dstport 4789 ttl 16 …"
function multicast(   word, i, k, value) {
  k = split(device, word, " ")
  for (i = 1; i < k; i++) {
    if (word[i] == "mtu") value["mtu"] = word[i + 1]
    if (word[i + 1] == "id" && !("type" in value)) value["type"] = word[i]
    # Before the type, "group default" is another group.
    if ("type" in value && !(word[i] in value)) value[word[i]] = word[i + 1]
  }
  print "text encapsulation " value["type"]
  print "word vni " value["id"]
  print "word udpPort " value["dstport"]
  print "text local " value["local"] value["local6"]
  print "tag vlan " tag[tunnel]
  print "text group " value["group"] value["group6"]
  print "word ttl " value["ttl"]
  print "word mtu " value["mtu"]
  if (!(tunnel in type)) print "text devices.tunnel"
}
