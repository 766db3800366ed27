# Removes from the host guard's listing the next hops that recent packets added to its sets (guard.awk), which may span several lines: they
# are not part of the table as it was loaded. of_hops(LINE) is true for a line that belongs to them.

function of_hops(line) {
  if (line ~ /^\t[a-z]/) hops_set = line ~ /^\tset hops/
  if (hops_set && line ~ /elements = /) hops_inside = 1
  if (!hops_inside) return 0
  if (line ~ /}/) hops_inside = 0
  return 1
}
