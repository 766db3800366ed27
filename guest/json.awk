# A JSON reader for hosts, in POSIX awk. Not jq: jq 1.6 compiles its library at every start, 0.4 s under emulation, and
# hosts other than our own image may not have it. No apostrophes in here outside comments: guest/render.ts puts this
# text between two of the shell's.
#
#   json_read(TEXT)     "", or what is wrong; fills, by path ("hosts.0.name"):
#     json_value[PATH]    each string, number, true, false; null is ""
#     json_size[PATH]     each array, each object: how many entries
#     json_text[PATH]     each string, to distinguish "7" from 7
#     json_path[1..n]     every path in the order of the text, json_paths = n
#   json_quote(TEXT)    a string as JSON writes it
#
# With json_root set, the paths of what is under that key leave the key out: in {"v":3,"state":{"vni":7}} "state" makes it "vni".
# Split at its quotation marks, a document is outside, string, outside, string…; outside strings there are only { } [ ] : , and bare words.

function json_read(text,   pieces, n, i, piece, at) {
  json_paths = 0; json_depth = 0; json_fault = ""; json_key_next = 0; json_word = ""
  split("", json_value); split("", json_size); split("", json_path); split("", json_text)
  n = split(text, pieces, "\"")
  for (i = 1; i <= n; i++) {
    piece = pieces[i]
    # Most pieces outside strings are one of these.
    if (piece == ":") json_key_next = 0
    else if (piece == ",") json_key_next = json_kind[json_depth] == "{"
    else if (piece ~ /^:[-+.0-9A-Za-z]+,$/) { json_word = substr(piece, 2, length(piece) - 2); json_end_word(); json_key_next = 1 }
    else json_outside(piece)
    if (++i > n) break
    piece = pieces[i]
    if (index(piece, "\\")) {
      while (substr(piece, length(piece)) == "\\" && json_open_escape(piece) && i < n) piece = piece "\"" pieces[++i]
      piece = json_plain(piece)
    }
    if (i >= n) json_fault = "a string without an end"
    if (json_key_next) { json_key[json_depth] = piece; continue }
    at = json_at()
    json_value[at] = piece
    json_text[at]
  }
  if (json_depth != 0 && json_fault == "") json_fault = "a document without an end"
  return json_fault
}

# True when the backslashes at the end are odd in number: the quotation mark after them is part of the string.
function json_open_escape(piece) {
  match(piece, /\\+$/)
  return RLENGTH % 2
}

# One character after the other, with as few awk operations as possible: busybox needs 1500 instructions for one.
function json_outside(text,   i, n, c) {
  n = length(text)
  for (i = 1; i <= n; i++) {
    c = substr(text, i, 1)
    if (!index("[]{},: \t\r\n", c)) { json_word = json_word c; continue }
    if (json_word != "") json_end_word()
    if (c == "[" || c == "{") json_open(c)
    else if (c == ",") json_key_next = json_kind[json_depth] == "{"
    else if (c == "]" || c == "}") { if (--json_depth < 0) json_fault = "a closing bracket too many" }
    else if (c == ":") json_key_next = 0
  }
  if (json_word != "") json_end_word()
}

function json_end_word() {
  if (json_word ~ /[^-+.0-9A-Za-z]/) json_fault = "a stray " json_word
  json_value[json_at()] = json_word == "null" ? "" : json_word
  json_word = ""
}

function json_open(bracket,   at) {
  at = json_at()
  json_size[at] = 0
  json_base[++json_depth] = at == json_root ? "" : at
  json_kind[json_depth] = bracket
  json_key_next = bracket == "{"
}

# The path of the value that comes next; counts it.
function json_at(   at, last) {
  if (json_depth == 0) return json_path[++json_paths] = ""
  at = json_base[json_depth]
  last = json_kind[json_depth] == "[" ? json_size[at] : json_key[json_depth]
  json_size[at]++
  return json_path[++json_paths] = at == "" ? last : at "." last
}

# The value of a string, with its escapes decoded (RFC 8259 section 7).
function json_plain(text,   out, c, code) {
  out = ""
  while (match(text, /\\/)) {
    out = out substr(text, 1, RSTART - 1)
    c = substr(text, RSTART + 1, 1)
    text = substr(text, RSTART + 2)
    if (c == "u") {
      code = json_hex(substr(text, 1, 4))
      text = substr(text, 5)
      if (code >= 55296 && code < 56320 && substr(text, 1, 2) == "\\u") {
        code = 65536 + (code - 55296) * 1024 + json_hex(substr(text, 3, 4)) - 56320
        text = substr(text, 7)
      }
      out = out json_utf8(code)
    } else if (c == "n") out = out "\n"
    else if (c == "t") out = out "\t"
    else if (c == "r") out = out "\r"
    else if (c == "b") out = out "\b"
    else if (c == "f") out = out "\f"
    else out = out c
  }
  return out text
}

function json_hex(digits,   i, n) {
  n = 0
  for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
  return n
}

# Bytes: the caller sets LC_ALL=C.
function json_utf8(code) {
  if (code == 0) { json_fault = "a NUL, which no command can hold"; return "" }
  if (code < 128) return sprintf("%c", code)
  if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
  if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
  return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}

function json_quote(text,   i, c, out) {
  if (text !~ /["\\\001-\037]/) return "\"" text "\""
  out = ""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\"" || c == "\\") out = out "\\" c
    else if (c == "\n") out = out "\\n"
    else if (c == "\t") out = out "\\t"
    else if (c ~ /[\001-\037]/) out = out json_escape(c)
    else out = out c
  }
  return "\"" out "\""
}

# A control character as \u00XX.
function json_escape(c,   code) {
  for (code = 1; code < 32; code++) if (sprintf("%c", code) == c) return sprintf("\\u%04x", code)
}
