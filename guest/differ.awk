# What ovs-ofctl diff-flows says, as one line for each flow: "-" is what the bridge has alone, "+" what it should have alone; a flow
# that was changed is both. Two that read the same are the same: ovs-ofctl takes the mask of nw_frag for a difference (3.1).

/^[-+]/ {
  sign = substr($0, 1, 1)
  text = substr($0, 2)
  gsub(/^ +| +$/, "", text)
  key = text
  sub(/ *actions=.*/, "", key)
  sub(/ *cookie=[^ ,]*,?/, "", key)
  if (!(key in known)) { known[key]; order[++n] = key }
  line[key, sign] = text
  next
}
{ print "bridge " bridge ": its flows cannot be seen: " $0 }
END {
  for (i = 1; i <= n; i++) {
    key = order[i]
    had = line[key, "-"]
    should = line[key, "+"]
    if (had == should) continue
    if (had == "") print "bridge " bridge ": flow is missing: " should
    else if (should == "") print "bridge " bridge ": flow is not one of the lab: " had
    else print "bridge " bridge ": flow was changed: " had " instead of " should
  }
}
