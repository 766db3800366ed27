/** EVPN between owners: each has an AS number and route reflectors, which are in the output `vteps` of its underlay stack. */
import type { Problem } from "../../plan/problem";
import type { ResolvedLab } from "../../plan/resolved";
import type { UnderlayVteps } from "../../plan/resolve-peers";
import { pathOf } from "../../plan/rules";
import { Flooding } from "../segment/spec";
import { isOpen } from "./plan";

/** What is wrong with the AS numbers of the owners that share a segment. */
export function checkOwners(
  lab: ResolvedLab,
  own: UnderlayVteps,
  peers: readonly UnderlayVteps[],
): Problem[] {
  const speaking = peers.flatMap(({ stack, vteps: { evpn } }) =>
    evpn === undefined ? [] : [{ stack, as: evpn.as }],
  );
  if (speaking.length === 0 || !isOpen(lab)) return [];
  if (own.vteps.evpn === undefined) return lab.segments.flatMap((segment) => unnumbered(segment, own.stack));
  const owners = new Map([[own.vteps.evpn.as, own.stack]]);
  return speaking.flatMap(({ stack, as }) => {
    const owner = owners.get(as);
    owners.set(as, owner ?? stack);
    if (owner === undefined) return [];
    const message = `This AS number is already taken by ${owner}: BGP drops routes that have its own number in their path.`;
    const cure = `Write another vxlab:evpn.as in the settings of one of the two, and run ./vxlab up for that stack.`;
    return [{ path: `${stack}: evpn.as`, got: as, message, cure }];
  });
}

function unnumbered(
  { name, spec, open, flooding }: ResolvedLab["segments"][number],
  stack: string,
): Problem[] {
  if (!open || flooding.way !== Flooding.Evpn) return [];
  const message = `Such a segment needs an AS number to reach peers, and the underlay stack ${stack} has none.`;
  const cure = `Write vxlab:evpn: { as: 65001 } in the settings of ${stack}, run ./vxlab up -s ${stack}, or restrict the segment to your own hosts with segments.${name}.hosts.`;
  return [{ path: pathOf("segments", name, "flooding"), got: spec.flooding, message, cure }];
}

/** Peers that no BGP session leads to: one hint for each. */
export function silentPeers(lab: ResolvedLab, peers: readonly UnderlayVteps[]): Problem[] {
  if (!isOpen(lab)) return [];
  return peers
    .filter(({ vteps }) => vteps.evpn === undefined)
    .map(({ stack, vteps }) => ({
      path: stack,
      got: Object.keys(vteps.hosts).sort().join(", "),
      message: "Has no EVPN data in its output vteps: segments with flooding: evpn do not reach its hosts.",
      cure: `Its owner writes vxlab:evpn: { as: … } in the settings of ${stack}, and runs ./vxlab up -s ${stack}.`,
    }));
}
