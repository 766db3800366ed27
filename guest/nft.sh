#!/bin/sh
# nft tables: whether one is still as it was loaded. nft lists rules in another form than they are given (10.0.3.1/24 becomes 10.0.3.0/24),
# so the listing right after the load is stored and compared.

# nft_record TABLE: stores the listing of inet TABLE, which has just been loaded.
nft_record() {
  [ -d "$STATE/nft" ] || mkdir -p "$STATE/nft"
  nft -s list table inet "$1" >"$STATE/nft/$1"
}

# nft_same TABLE: true when inet TABLE is listed as it was right after it was loaded. -s: without counters.
nft_same() {
  local line
  if [ -n "${looked-}" ]; then seen_of table "$1" && [ "$line" = same ] && return; return 1; fi
  [ "$(nft -s list table inet "$1" 2>/dev/null)" = "$(cat "$STATE/nft/$1" 2>/dev/null)" ]
}

nft_forget() {
  rm -f "$STATE/nft/$1"
  rmdir "$STATE/nft" 2>/dev/null || :
}
