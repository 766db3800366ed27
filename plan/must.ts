/** What checkLab has made sure of. */
export function checked<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("plan: checkLab let an incomplete topology pass");
  return value;
}
