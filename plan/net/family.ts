/**
 * IP version of an address.
 *
 * @example
 * ```ts
 * const bytes = tunnelOverhead(IpFamily.V6); // 70
 * ```
 */
export enum IpFamily {
  V4 = 4,
  V6 = 6,
}
