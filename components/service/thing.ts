/** The desired state of a segment's service on one host, as the host gets it. */
import { assumedMtu } from "../segment/mtu";
import type { ThingKind } from "../../plan/thing";
import { serviceWords } from "./words";

export const service: ThingKind = {
  scripts: ["guest/nft.sh", "components/service/guest.sh", "components/service/dhcp.sh"],
  on: ({ services }, { name }) => services.filter(({ host }) => host === name).map(({ device }) => device),
  words: serviceWords,
};

export interface ServiceState {
  /** The host's bridge. */
  bridge: string;
  /** The interface in the segment, at most 15 bytes (IFNAMSIZ). */
  device: string;
  /** The host's own VTEP: NAT translates towards its interface. */
  local: string;
  mac: string;
  mtu: number;
  /** VLAN of the segment on the bridge; null: untagged. */
  vlan: number | null;
  /** With prefix length. */
  addresses: string[];
  nat: boolean;
  /** Absent: false. It also announces itself by router advertisements. */
  nat6?: boolean;
  /** Networks and addresses that the gateway does not forward to. */
  closed: string[];
  dhcp: DhcpState | null;
}

/** What a DHCP server lends. */
interface DhcpState {
  first: string;
  last: string;
  router: string | null;
  mtu: number;
  domain: string | null;
}

/** What a service is made from: the arguments of SegmentService, resolved. */
export interface ServiceWanted {
  bridge: string;
  device: string;
  mac: string;
  addresses: string[];
  local: string;
  mtu?: number;
  vlan?: number;
  nat?: boolean;
  nat6?: boolean;
  closed?: string[];
  dhcp?: { first: string; last: string; router?: string; mtu?: number; domain?: string };
}

export function serviceState(wanted: ServiceWanted): ServiceState {
  const {
    bridge,
    device,
    local,
    mac,
    mtu = assumedMtu(local),
    vlan = null,
    addresses,
    nat = false,
    nat6 = false,
    closed = [],
  } = wanted;
  const leads = { nat, ...(nat6 ? { nat6 } : {}) };
  return {
    bridge,
    device,
    local,
    mac,
    mtu,
    vlan,
    addresses,
    ...leads,
    closed,
    dhcp: dhcpState(wanted.dhcp, mtu),
  };
}

function dhcpState(lent: ServiceWanted["dhcp"], own: number): DhcpState | null {
  if (lent === undefined) return null;
  const { first, last, router = null, mtu = own, domain = null } = lent;
  return { first, last, router, mtu, domain };
}
