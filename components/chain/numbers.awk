# The flows of a chain, with a number in place of each <NAME> of a port. A name without a number gets the next one: `file` keeps them, one
# line NAME NUMBER each. The numbers are above those that Open vSwitch assigns itself, and none is used twice. So when a port is made again,
# its flows match it before it can send anything. With `known`, no number is given: a name without a number stays.

BEGIN {
  last = 8192
  while ((getline line < file) > 0) {
    split(line, word, " ")
    number[word[1]] = word[2]
    if (word[2] > last) last = word[2] + 0
  }
  # Closed before writing: busybox would otherwise use the same stream, opened for reading.
  close(file)
}

{
  out = ""
  while (match($0, /<[^<>]*>/)) {
    name = substr($0, RSTART + 1, RLENGTH - 2)
    if (!(name in number)) { if (known) break; number[name] = ++last; print name, last >>file }
    out = out substr($0, 1, RSTART - 1) number[name]
    $0 = substr($0, RSTART + RLENGTH)
  }
  print out $0
}
