/** Routes by BGP EVPN (RFC 7432, RFC 8365): FRR programs the kernel's vxlan device, which a Linux bridge joins to the host's bridge. */
import { evpnDevices } from "../../../plan/names";
import { Encapsulation } from "../../../plan/net/encap";
import { IpFamily } from "../../../plan/net/family";
import type { ResolvedFlooding } from "../../../plan/resolved";
import { endpointOf } from "../../encryption/endpoint";
import { HostNeed } from "../../host/spec";
import { senderRanges } from "../../router/networks";
import { assumedMtu } from "../mtu";
import type { AnyPortState } from "../port";
import { EVPN_UDP_PORT, Flooding } from "../spec";
import { multicast } from "./multicast";
import type { Way } from "./way";

export interface EvpnFlooding extends ResolvedFlooding {
  way: Flooding.Evpn;
}

/** A Linux bridge with the kernel's vxlan device and an internal port of the host's bridge. */
export interface EvpnPortState extends AnyPortState {
  flooding: Flooding.Evpn;
  /** MTU inside the segment, bytes. */
  mtu: number;
  devices: { bridge: string; tunnel: string; port: string };
  /** Addresses and ranges of addresses that may send; null when they are not known: every address may. */
  senders: string[] | null;
}

export const evpn: Way<EvpnFlooding, EvpnPortState> = {
  encapsulations: { [Encapsulation.Vxlan]: EVPN_UDP_PORT },
  need: HostNeed.Frr,
  settings: [],
  resolve({ spec, at, family }, said) {
    if (family === IpFamily.V4) return { way: Flooding.Evpn };
    const message = "Needs an IPv4 underlay: FRR has no IPv6 VTEPs.";
    said.say(at("flooding"), spec.flooding, message, "Write flooding: unicast, multicast or flow.");
    return undefined;
  },
  devices: (vni) => Object.values(evpnDevices(vni)),
  portTo: (vni) => evpnDevices(vni).tunnel,
  receiver: multicast.receiver,
  drawn: () => "BGP EVPN",
  // No remotes: hosts learn of each other by BGP.
  plan({ members, open }, _, { lab }) {
    const vteps = [...members, ...(open ? lab.peers : [])].map((one) => endpointOf(one));
    const senders = senderRanges(lab, vteps);
    return () => ({ remotes: [], senders });
  },
  state: (port, { mtu = assumedMtu(port.local), senders }) => ({
    ...port,
    ...{ flooding: Flooding.Evpn, mtu, devices: evpnDevices(port.vni), senders: senders ?? null },
  }),
};
