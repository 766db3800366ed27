# Of `tc filter show dev INTERFACE HOOK` the filters that lead to `device`, a line each: PROTOCOL PREF KIND HANDLE, and what they match.

function lead(   i) {
  handle = "-"
  matches = ""
  for (i = 2; i < NF; i++) {
    if ($i == "protocol") protocol = $(i + 1)
    if ($i == "pref") { pref = $(i + 1); kind = $(i + 2) }
    if ($i == "fh" || $i == "handle") handle = $(i + 1)
  }
}

/^filter / { lead() }
/^  [a-z]/ && !/in_hw/ {
  gsub(/ +/, " ")
  matches = matches $0
}
index($0, "edirect to device " device ")") { print protocol, pref, kind, handle matches }
