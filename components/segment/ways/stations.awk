# The commands that must still run so that a segment has static entries for exactly the stations of this host. Input: the stations as
# known.awk prints them, then "== fdb" with bridge fdb show, "== neigh" with ip neigh show. Variables: port, inner (the Linux bridge). No
# apostrophe in here: the shell has this text in quotes.

/^== / { part = $2; next }
part == "" { macs[$1]; for (i = 2; i <= NF; i++) mac_of[$i] = $1; next }
# "02:… dev oe100 master be100 static"; the own MAC of the port is permanent.
part == "fdb" && / static/ && / master / { have[$1]; next }
# "10.0.3.10 lladdr 02:… PERMANENT"; what FRR sets is marked.
part == "neigh" && $2 == "lladdr" && !/extern_learn/ { had[$1] = $3; next }

END {
  for (mac in have) if (!(mac in macs)) print "fdb del " mac " dev " port " master"
  for (address in had) if (!(address in mac_of)) print "neigh del " address " dev " inner
  for (mac in macs) if (!(mac in have)) print "fdb replace " mac " dev " port " master static"
  for (address in mac_of)
    if (had[address] != mac_of[address]) print "neigh replace " address " lladdr " mac_of[address] " dev " inner " nud permanent"
}
