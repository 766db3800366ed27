/** IP version of an address. */
export enum IpFamily {
  V4 = 4,
  V6 = 6,
}
