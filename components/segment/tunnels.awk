# What Open vSwitch says of the tunnels (ovs-vsctl --format=json --columns=name,ofport,error,options find interface …; its
# notation is RFC 7047 section 5.1) as two lines: {"tunnels":[…]} sorted by name, and what is wrong, if anything is.
# shellcheck knows nothing of awk; the tests run this in mawk and in busybox awk.

{ text = text $0 "\n" }

END {
  fault = json_read(text)
  for (i = 0; i < json_size["data"]; i++) tunnel(i, "data." i ".")
  order(n)
  line = ""
  for (i = 1; i <= n; i++) line = line (i > 1 ? "," : "") json_of[name[i]]
  print "{\"tunnels\":[" line "]}"
  line = fault
  for (i = 1; i <= n; i++) if (name[i] in wrong) line = line (line == "" ? "" : "; ") wrong[name[i]]
  if (line != "") print line
}

function tunnel(row, at,   ofport, error, remote, options, k) {
  # An empty optional value is ["set",[]]: then there is no value at the path itself.
  ofport = (at "1") in json_value ? json_value[at "1"] : -1
  error = (at "2") in json_value ? json_value[at "2"] : ""
  for (k = 0; k < json_size[at "3.1"]; k++) {
    options = options (k ? "," : "") json_quote(json_value[at "3.1." k ".0"]) ":" json_quote(json_value[at "3.1." k ".1"])
    if (json_value[at "3.1." k ".0"] == "remote_ip") remote = json_value[at "3.1." k ".1"]
  }
  name[++n] = json_value[at "0"]
  json_of[name[n]] = "{\"name\":" json_quote(name[n]) ",\"ofport\":" ofport ",\"error\":" json_quote(error) \
    ",\"options\":{" options "}}"
  if (ofport < 0 || error != "") wrong[name[n]] = (remote == "" ? "port " name[n] : "tunnel " name[n] " to " remote) ": " (error == "" ? "no ofport" : error)
}

# Insertion sort: awk has none that all of them share.
function order(n,   i, j, one) {
  for (i = 2; i <= n; i++) {
    one = name[i]
    for (j = i - 1; j >= 1 && name[j] > one; j--) name[j + 1] = name[j]
    name[j + 1] = one
  }
}
