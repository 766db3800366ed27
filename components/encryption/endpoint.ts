/** Where a host's tunnels end. */

/** A host, resolved, planned or as the lab's output has it. */
interface Reachable<Address> {
  /** Underlay address. */
  readonly address: Address;
  readonly encryption?: { readonly address: Address } | undefined;
}

/** The VTEP of a host: the address that VXLAN and GENEVE send from and to. Decided here only. */
export function endpointOf<Address>({ address, encryption }: Reachable<Address>): Address {
  return encryption?.address ?? address;
}
