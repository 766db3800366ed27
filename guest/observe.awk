# The answer of observe: the state of the envelope on the first line, with the actual values in place of the desired ones. The other lines:
#
#   text PATH [TEXT]      a text, null without one
#   word PATH [WORD]      a number, true or false; null without one
#   tag PATH TAG          tag of an Open vSwitch port: null for 0, untagged; 0 for [], a trunk
#   list PATH [WORD...]   texts: first the wanted ones in their order, then others
#   json PATH JSON        as it is
#   gone                  the thing is not there

BEGIN { json_root = "state" }

NR == 1 { json_read($0); json_shape(); next }
$1 == "gone" { gone = 1 }
$1 == "text" { json_other[$2] = NF < 3 ? "null" : json_quote(rest($0)) }
$1 == "word" { json_other[$2] = NF < 3 ? "null" : $3 }
$1 == "tag" { json_other[$2] = $3 == "0" ? "null" : $3 ~ /^[0-9]+$/ ? $3 : 0 }
$1 == "json" { json_other[$2] = rest($0) }
$1 == "list" { json_other[$2] = list_of($2, rest($0)) }

END { print "{\"v\":" protocol ",\"state\":" (gone ? "null" : state()) "}" }

function rest(line) { sub(/^[^ ]+ [^ ]+ ?/, "", line); return line }

function list_of(at, words,   word, n, i, found, out) {
  n = split(words, word, " ")
  for (i = 1; i <= n; i++) found[word[i]]
  for (i = 0; i < json_size[at]; i++)
    if (json_value[at "." i] in found) { out = out "," json_quote(json_value[at "." i]); delete found[json_value[at "." i]] }
  for (i = 1; i <= n; i++) if (word[i] in found) out = out "," json_quote(word[i])
  return "[" substr(out, 2) "]"
}

# Without what belongs to the envelope.
function state(   key, n, i, out) {
  n = split(json_entries[""], key, " ")
  for (i = 1; i <= n; i++)
    if (key[i] !~ /^(v|id|lab|machine|repair)$/) out = out "," json_quote(key[i]) ":" json_write(key[i])
  return "{" substr(out, 2) "}"
}
