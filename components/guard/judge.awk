# For guest drift: what is not as desired about the host guard, a line each. Input: the rules as they are made of the fragments.
# Variables: file, which has the rules that were loaded; table; listed, what nft lists instead: same, other or missing.

{ rules = rules $0 "\n" }

END {
  while ((getline line < file) > 0) had = had line "\n"
  if (had != rules) print "host guard: " file " is not made of what is on this host"
  else if (rules == "") exit
  else if (listed == "missing") print "host guard: the table inet " table " is missing: containers reach this host and the underlay"
  else if (listed != "same") print "host guard: the table inet " table " is not as it was loaded: nft list table inet " table " shows it"
}
