# For guest drift (differs.awk): each flow of a bridge that differs. Its text is the output of `ovs-ofctl diff-flows BRIDGE FILE`: "-" marks
# a flow of the bridge, "+" a flow of the file; a changed flow has both. Two lines with the same text are equal: ovs-ofctl 3.1 reports the
# mask of nw_frag as a difference. The words before each line name the thing that it is about.

function flows_line(line,   sign, key) {
  if (line !~ /^[-+]/) {
    # ovs-ofctl has timed out (OVS_CTL_TIMEOUT).
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
