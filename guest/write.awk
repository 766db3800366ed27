# JSON out of what json_read (json.awk) has read: json_shape() once, then json_write(PATH) is the value at a path.

function json_shape(   i, at, base) {
  split("", json_entries); split("", json_other)
  for (i = 1; i <= json_paths; i++) {
    at = json_path[i]
    if (at == "" || at == json_root) continue
    base = at ~ /\./ ? at : ""
    sub(/\.[^.]*$/, "", base)
    json_entries[base] = json_entries[base] " " at
  }
}

# A value at a path in json_other is written instead of the one that was read. An empty object is written as a list, since no state has one.
function json_write(at,   key, n, i, out, list) {
  if (at in json_other) return json_other[at]
  if (at in json_value) {
    if (at in json_text) return json_quote(json_value[at])
    return json_value[at] == "" ? "null" : json_value[at]
  }
  n = split(json_entries[at], key, " ")
  list = n == 0 || key[1] ~ /\.0$/
  for (i = 1; i <= n; i++) out = out (i > 1 ? "," : "") (list ? "" : json_quote(last_key(key[i])) ":") json_write(key[i])
  return list ? "[" out "]" : "{" out "}"
}

function last_key(at) { sub(/.*\./, "", at); return at }
