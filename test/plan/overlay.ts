/** An overlay of one owner with one peer, for tests of the planner. */
import { TopologyError } from "../../plan/errors";
import { planOverlay } from "../../plan/peers";
import type { OverlayInput } from "../../plan/peers";
import type { UnderlayVteps } from "../../plan/resolve-peers";
import type { Problem } from "../../plan/types";
import { VTEPS_SCHEMA } from "../../plan/vteps";
import type { VtepsOutput } from "../../plan/vteps";
import { frozen } from "./reference";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";

export function vteps(hosts: Record<string, string>, mtu = 1500): VtepsOutput {
  const entries = Object.entries(hosts).map(([name, address]) => {
    const ssh = { address, port: 22, user: "root" };
    return [name, { address, mtu, hostKey: KEY, machine: `id of ${name}`, ssh }];
  });
  return { schema: VTEPS_SCHEMA, hosts: Object.fromEntries(entries) as VtepsOutput["hosts"] };
}

export const own: UnderlayVteps = {
  stack: "underlay-a",
  vteps: vteps({ a1: "192.168.10.11", a2: "192.168.10.12" }),
};
export const peer: UnderlayVteps = { stack: "underlay-b", vteps: vteps({ b1: "192.168.20.11" }, 1450) };

export function input(change: Partial<OverlayInput> = {}): OverlayInput {
  const sections = {
    hosts: { a1: { bridgeAddress: "10.1.2.10/24" } },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: { c1: { host: "a1", address: "10.0.3.10/24" } },
  };
  return frozen({ own, peers: [peer], identity: "vxlab/overlay-a", sections, ...change });
}

export function problemsOf(change: Partial<OverlayInput>): readonly Problem[] {
  try {
    planOverlay(input(change));
  } catch (error) {
    if (error instanceof TopologyError) return error.problems;
    throw error;
  }
  return [];
}
