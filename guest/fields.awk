# Desired state as shell assignments, ready for eval. First line of the input: what is wanted; second line, if there is
# one: what was wanted last time, whose names begin with "was_".
#
#   {"vni": 7, "vlan": null}            vni='7' vlan=''
#   {"remotes": [{"name": "a"}]}        remotes_count=1 remotes_0_name='a'
#   {"command": ["echo", "it's"]}       command_count=2 command_0='echo' command_1='it'\''s'
#                                       command: the words as a shell writes them, for one more eval
#   {"id": "lab-c1"}                    step='lab-c1': id is the name under which the host keeps it (id_of)

{ assign(NR == 1 ? "" : "was_") }

function assign(prefix,   fault, i, at, name, words, parent) {
  fault = json_read($0)
  if (fault != "") { print "fail " shell("desired state is no JSON: " fault); exit }
  for (i = 1; i <= json_paths; i++) {
    at = json_path[i]
    if (at == "") continue
    if (at !~ /^[a-z][A-Za-z0-9.]*$/) { print "fail " shell("desired state has a name that is none: " at); exit }
    name = prefix (at == "id" ? "step" : at)
    gsub(/\./, "_", name)
    if (at in json_value) print name "=" shell(json_value[at])
    else print name "_count=" json_size[at] " " name "="
    if (at ~ /\.[0-9]+$/ && at in json_value) {
      parent = name
      sub(/_[0-9]+$/, "", parent)
      words[parent] = words[parent] " " shell(json_value[at])
    }
  }
  for (name in words) print name "=" shell(substr(words[name], 2))
}

function shell(text,   parts, n, i, out, mark) {
  mark = sprintf("%c", 39)
  n = split(text, parts, mark)
  out = n == 0 ? "" : parts[1]
  for (i = 2; i <= n; i++) out = out mark "\\" mark mark parts[i]
  return mark out mark
}
