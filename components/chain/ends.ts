/** What has two ends, with others between them. */
type Way<End, Box> = readonly [End, ...Box[], End];

export function bothEnds<End, Box>(way: Way<End, Box>): [End, End] {
  // The last element is an End, which the type of at() does not say.
  return [way[0], way.at(-1) as End];
}
