# The host guard's listing without the next hops that packets had a moment ago (guard.awk), which may be over several lines: they are not part
# of the table as it was loaded. of_hops(LINE) is true for a line that belongs to them.

function of_hops(line) {
  if (line ~ /^\t[a-z]/) hops_set = line ~ /^\tset hops/
  if (hops_set && line ~ /elements = /) hops_inside = 1
  if (!hops_inside) return 0
  if (line ~ /}/) hops_inside = 0
  return 1
}
