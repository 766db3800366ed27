# The actual state of a port's step in Open vSwitch, as lines for observe.awk (guest/). Input, one document each (RFC 7047 section 5.1): the
# desired state; the step's ports (name, tag, protected); its interfaces (name, type, options, bfd); its bridges (name). Then, for a
# multicast segment, ip -d -o link show of its device. Variables: bridge, on which its first port is; flows, "same" if the flows of a flow
# segment are as wanted.

BEGIN { json_root = "state" }

NR == 1 { read_desired($0); next }
# guest drift has the three documents in one line.
NR == 2 && split($0, document, "\t") == 3 { read_ports(document[1]); read_interfaces(document[2]); read_bridges(document[3]); whole = 1; next }
NR == 2 { read_ports($0); next }
NR == 3 && !whole { read_interfaces($0); next }
NR == 4 && !whole { read_bridges($0); next }
{ device = device " " $0 }

END {
  # A port without remotes has nothing on its host.
  if (!joint && remotes == 0 && ports == 0) exit
  if (ports == 0) {
    # For guest drift.
    if (!joint) for (i = 0; i < remotes; i++) print "fault - tunnel " wanted_port[i] " is missing"
    print "gone"
    exit
  }
  print "text bridge " bridge
  way()
}

function read_desired(text,   i) {
  json_read(text)
  patch = json_value["devices.patch"]
  tunnel = json_value["devices.tunnel"]
  remotes = json_size["remotes"]
  for (i = 0; i < remotes; i++) { wanted_port[i] = json_value["remotes." i ".port"]; known_port[wanted_port[i]] }
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

function read_bridges(text) { json_root = ""; json_read(text); if (json_size["data"] > 0) behind = json_value["data.0.0"] }

function read_interfaces(text,   i, k, name) {
  json_root = ""
  json_read(text)
  for (i = 0; i < json_size["data"]; i++) {
    name = json_value["data." i ".0"]
    names[++n] = name
    type[name] = json_value["data." i ".1"]
    for (k = 0; k < json_size["data." i ".3.1"]; k++)
      if (json_value["data." i ".3.1." k ".0"] == "enable") probed[name] = json_value["data." i ".3.1." k ".1"] == "true"
    # With guest drift alone.
    error[name] = json_value["data." i ".4"]
    for (k = 0; k < json_size["data." i ".2.1"]; k++)
      option[name, json_value["data." i ".2.1." k ".0"]] = json_value["data." i ".2.1." k ".1"]
  }
}

# Reads the output of ip for the kernel device into value, and prints the fields that all such devices have. "7: ve100: <…> mtu 1450 …
# master be100 … \ vxlan id 100 group 239.0.0.100 dev eth0 local 192.168.10.156 srcport 0 0 dstport 4790 ttl 16 …": before the type, "group
# default" is another group.
function kernel(   word, i, k) {
  k = split(device, word, " ")
  for (i = 1; i < k; i++) {
    if (word[i] == "mtu" || word[i] == "master") value[word[i]] = word[i + 1]
    if (word[i + 1] == "id" && !("type" in value)) value["type"] = word[i]
    if ("type" in value && !(word[i] in value)) value[word[i]] = word[i + 1]
  }
  print "text encapsulation " value["type"]
  print "word vni " value["id"]
  print "word udpPort " value["dstport"]
  print "text local " value["local"] value["local6"]
  print "word mtu " value["mtu"]
}

function remote(name) { return ",{\"port\":" json_quote(name) ",\"address\":" json_quote(option[name, "remote_ip"]) "}" }
