#!/bin/sh
# Files of desired state: KIND STEP LAB, then what tells the thing from others of its kind. A file that was cut short is left out.
# Keys may be in any order. It reads names and depths only: a whole reader of JSON (guest/json.awk) takes seconds under emulation.
echo "== kept"
awk '# Of the object and of its "state": level 2 had no envelope.
  function read(text,   part, n, i, depth, key, at) {
    split("", value)
    gsub(/\\./, "", text)
    n = split(text, part, "\"")
    for (i = 1; i < n; i += 2) {
      depth += gsub(/[{[]/, "{", part[i]) - gsub(/[]}]/, "}", part[i])
      if (part[i + 2] !~ /^ *:/) continue
      key = part[i + 1]
      at[depth] = key
      if (depth > 1 && (depth > 2 || at[1] != "state")) continue
      value[key] = part[i + 2]
      gsub(/^ *: *|[,{}[].*| *$/, "", value[key])
      if (value[key] == "") value[key] = part[i + 3]
    }
  }
  function of(key) { return key in value && value[key] != "" ? value[key] : "-" }
  FNR == 1 && /^\{.*\}$/ {
    kind = FILENAME
    sub(/.*\//, "", kind)
    sub(/-.*/, "", kind)
    read($0)
    print kind, of("id"), of("lab"), of(kind == "port" ? "vni" : kind ~ /^(service|encryption)$/ ? "device" : "name")
  }' "${1:-/var/lib/vxlab/desired}"/*-*.json 2>/dev/null
