# For guest drift (differs.awk): each flow of a bridge that differs. Its text is the output of `ovs-ofctl diff-flows BRIDGE FILE`: "-" marks a
# flow of the bridge, "+" a flow of the file; a changed flow has both. Two lines that read the same are equal: ovs-ofctl 3.1 takes the
# mask of nw_frag for a difference. It is about the words before each.

function flows_line(line,   sign, key) {
  if (line !~ /^[-+]/) {
    # Its limit is over (OVS_CTL_TIMEOUT).
    flows_fault[++flows_failed] = line ~ /terminating with signal 14/ ? "ovs-vswitchd does not answer" : "ovs-ofctl cannot compare its flows: " line
    return
  }
  sign = substr(line, 1, 1)
  line = substr(line, 2)
  gsub(/^ +| +$/, "", line)
  key = line
  sub(/ *actions=.*/, "", key)
  sub(/ *cookie=[^ ,]*,?/, "", key)
  if (!(key in flows_known)) { flows_known[key]; flows_order[++flows] = key }
  flows_text[key, sign] = line
}

function flows_end(about,   i, key, had, should) {
  for (i = 1; i <= flows_failed; i++) kind_says(about ": " flows_fault[i])
  for (i = 1; i <= flows; i++) {
    key = flows_order[i]
    had = flows_text[key, "-"]
    should = flows_text[key, "+"]
    if (had == should) continue
    if (had == "") kind_says(about ": flow is missing: " should)
    else if (should == "") kind_says(about ": flow is not part of the lab: " had)
    else kind_says(about ": flow was changed: " had " instead of " should)
  }
  flows = 0; flows_failed = 0
  split("", flows_known); split("", flows_order); split("", flows_text)
}
