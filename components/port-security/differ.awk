# Reads the output of `ovs-ofctl diff-flows BRIDGE FILE` and prints one line for each flow that differs. "-" marks a flow of the
# bridge, "+" a flow of the file; a changed flow has both. Two lines that read the same are equal: ovs-ofctl 3.1 takes the mask
# of nw_frag for a difference.

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
# Its limit is over (OVS_CTL_TIMEOUT).
/terminating with signal 14/ { print about ": ovs-vswitchd does not answer"; next }
{ print about ": ovs-ofctl cannot compare its flows: " $0 }
END {
  for (i = 1; i <= n; i++) {
    key = order[i]
    had = line[key, "-"]
    should = line[key, "+"]
    if (had == should) continue
    if (had == "") print about ": flow is missing: " should
    else if (should == "") print about ": flow is not part of the lab: " had
    else print about ": flow was changed: " had " instead of " should
  }
}
