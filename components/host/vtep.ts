/** Where the tunnels of a host end. */
import type { ResolvedHost } from "../../plan/resolved";

/** The address that EVPN tells others of, and that its sessions come from. */
export function vtepOfHost({ address }: Pick<ResolvedHost, "address">): bigint {
  return address;
}
