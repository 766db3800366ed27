# For guest drift (differs.awk): what is not as desired about the host guard. Its text is the rules as they are made of the fragments; it is about
# "LISTED FILE TABLE": what nft lists of the table, same, other or missing; the file of the rules that were loaded; the table.

function guard_line(line) { guard_rules = guard_rules line "\n" }

function guard_end(about,   word, line, had) {
  split(about, word, " ")
  while ((getline line < word[2]) > 0) had = had line "\n"
  close(word[2])
  if (had != guard_rules) kind_says("host guard: " word[2] " is not made of what is on this host")
  else if (guard_rules == "") return
  else if (word[1] == "missing") kind_says("host guard: the table inet " word[3] " is missing: containers reach this host and the underlay")
  else if (word[1] != "same") kind_says("host guard: the table inet " word[3] " is not as it was loaded: nft list table inet " word[3] " shows it")
}
