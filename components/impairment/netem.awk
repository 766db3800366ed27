# What `tc -j qdisc show dev DEVICE` says of its queue, one line of input for each device, as lines of guest/observe.awk: "word netem.delay
# 50000". Numbers are in the units of the desired state. tc prints six digits: values that agree in these are equal. It takes a rate in
# whole bytes (get_rate64 in iproute2's lib/utils.c), so one that is less than a byte smaller is as wanted, too. Input variables: wanted,
# the names and numbers of the desired state ("delay=50000 loss=10000 …").

BEGIN {
  json_root = "0"
  n = split(wanted, pair, " ")
  for (i = 1; i <= n; i++) {
    split(pair[i], part, "=")
    names[i] = part[1]
    want[part[1]] = part[2]
  }
}

/^\[/ {
  if (json_read($0) != "") next
  netem = json_value["kind"] == "netem" ? "options." : "none."
  is("delay", json_value[netem "delay.delay"] * 1000000)
  is("jitter", json_value[netem "delay.jitter"] * 1000000)
  is("loss", json_value[netem "loss-random.loss"] * 1000000)
  is("duplicate", json_value[netem "duplicate.duplicate"] * 1000000)
  is("reorder", json_value[netem "reorder.reorder"] * 1000000)
  is("corrupt", json_value[netem "corrupt.corrupt"] * 1000000)
  is("rate", whole(json_value[netem "rate.rate"] * 8))
  is("limit", json_value[netem "limit"] + 0)
  next
}
{ print }

function whole(bits,   off) { off = want["rate"] - bits; return bits > 0 && off > 0 && off < 8 ? want["rate"] : bits }

# If one of several devices is not as wanted, its values are printed.
function is(name, number,   off) {
  off = number - want[name]
  if (off < 0) off = -off
  # Less than a half: a share's 32 bits.
  if (off < 0.5 || off <= want[name] * 0.00001) number = want[name]
  if (!(name in said) || number != want[name]) said[name] = number
}

END { for (i = 1; i <= n; i++) if (names[i] in said) printf "word netem.%s %.0f\n", names[i], said[names[i]] }
