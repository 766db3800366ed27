# JSON as shell assignments, ready for eval.
#
#   {"vni": 7, "vlan": null}            vni='7' vlan=''
#   {"remotes": [{"address": "a"}]}     remotes_count=1 remotes_0_address='a'
#   {"command": ["echo", "it's"]}       command_count=2 command_0='echo' command_1='it'\''s'
#                                       command: the words as a shell writes them, for one more eval
#
# assign(TEXT, PREFIX) prints them, each name after PREFIX; assigned(PREFIX) prints what json_read has read. json_root (json.awk) itself is
# left out. With scope set to "local " they are local to the function that evaluates them.

function assign(text, prefix,   fault) {
  fault = json_read(text)
  if (fault != "") refuse("desired state is not JSON: " fault)
  assigned(prefix)
}

function assigned(prefix,   i, at, name, words, parent, value) {
  for (i = 1; i <= json_paths; i++) {
    at = json_path[i]
    if (at == "" || at == json_root) continue
    if (at !~ /^[a-z][A-Za-z0-9.]*$/) refuse("desired state has a key that cannot be a variable: " at)
    name = prefix at
    if (index(at, ".")) gsub(/\./, "_", name)
    if (!(at in json_value)) { print scope name "_count=" json_size[at] " " name "="; continue }
    value = shell(json_value[at])
    print scope name "=" value
    if (name ~ /_[0-9]+$/) {
      parent = name
      sub(/_[0-9]+$/, "", parent)
      words[parent] = words[parent] " " value
    }
  }
  for (name in words) print name "=" shell(substr(words[name], 2))
}

# The envelope and the state of a thing that json_read has read. Sets: id
function state_fields(envelope, kind, lab, step) {
  id = lab == "" ? step : lab "-" step
  print scope "json=" shell(envelope)
  # Null makes the variable empty, even if another port's state has set it.
  if (kind == "port") print scope "remotes_count="
  assigned("")
  print scope "id=" shell(id) " step=" shell(step)
  if (kind == "container") print scope "env= env_count=0"
}

# Prints a command, so that the shell that evaluates the output fails with this message.
function refuse(message) { print "fail " shell(message); exit }

function shell(text,   parts, n, i, out, mark) {
  mark = sprintf("%c", 39)
  if (!index(text, mark)) return mark text mark
  n = split(text, parts, mark)
  out = n == 0 ? "" : parts[1]
  for (i = 2; i <= n; i++) out = out mark "\\" mark mark parts[i]
  return mark out mark
}
