/** What carries the tunnels between hosts: the underlay itself, or WireGuard on it. */
import type { IpFamily } from "../../plan/net/family";
import type { ResolvedHost, Underlays } from "../../plan/resolved";
import { mtuUnder } from "../underlay/mtu";
import { INSIDE_FAMILY, wireguardOverhead } from "./wireguard";

export interface Carrier {
  /** Largest packet that it takes, bytes. */
  mtu: number;
  /** IP family of the packets that it carries. */
  family: IpFamily;
  /** What WireGuard adds to each packet, bytes. */
  spent: number;
}

/** @param mtu of the underlay */
export function carrierOf(mtu: number, family: IpFamily, isEncrypted: boolean): Carrier {
  if (!isEncrypted) return { mtu, family, spent: 0 };
  const spent = wireguardOverhead(family);
  return { mtu: mtu - spent, family: INSIDE_FAMILY, spent };
}

/** Between these hosts; a segment in which only some encrypt is refused (check.ts). */
export function carrierUnder(underlays: Underlays, hosts: readonly ResolvedHost[]): Carrier {
  const isEncrypted = hosts.some(({ encryption }) => encryption !== undefined);
  return carrierOf(mtuUnder(underlays, hosts), underlays.family, isEncrypted);
}
