#!/bin/sh
# Files of desired state: KIND STEP LAB, then what tells the thing from others of its kind. A file that was cut short is left out.
echo "== kept"
awk 'function first(key,   text) {
    if (!match($0, "\"" key "\":\"?[^\",}]*")) return "-"
    text = substr($0, RSTART, RLENGTH)
    sub(/^"[^"]*":"?/, "", text)
    return text
  }
  FNR == 1 && /^\{.*\}$/ {
    kind = FILENAME
    sub(/.*\//, "", kind)
    sub(/-.*/, "", kind)
    print kind, first("id"), first("lab"), first(kind == "port" ? "vni" : kind == "service" ? "device" : "name")
  }' /var/lib/vxlab/desired/*-*.json 2>/dev/null
