# Prints the interfaces of a step that Open vSwitch refuses, with its reasons. Input: ovs-vsctl --format=json
# --columns=name,ofport,error,options find interface … (its notation: RFC 7047 section 5.1).
# shellcheck does not check awk; the tests run this in mawk and in busybox awk.

{ text = text $0 "\n" }

END {
  line = json_read(text)
  for (i = 0; i < json_size["data"]; i++) look("data." i ".")
  order(n)
  for (i = 1; i <= n; i++) line = line (line == "" ? "" : "; ") name[i]
  if (line != "") print line
}

function look(at,   ofport, error, remote, k) {
  # An empty optional value is ["set",[]]: then there is no value at the path itself.
  ofport = (at "1") in json_value ? json_value[at "1"] : -1
  error = (at "2") in json_value ? json_value[at "2"] : ""
  if (ofport >= 0 && error == "") return
  for (k = 0; k < json_size[at "3.1"]; k++)
    if (json_value[at "3.1." k ".0"] == "remote_ip") remote = json_value[at "3.1." k ".1"]
  name[++n] = (remote == "" ? "port " json_value[at "0"] : "tunnel " json_value[at "0"] " to " remote) ": " (error == "" ? "no ofport" : error)
}

# Insertion sort: no sort function exists in every awk.
function order(n,   i, j, one) {
  for (i = 2; i <= n; i++) {
    one = name[i]
    for (j = i - 1; j >= 1 && name[j] > one; j--) name[j + 1] = name[j]
    name[j + 1] = one
  }
}
