/** Service chains among each other, and what they share with segments. */
import type { Problem } from "../../plan/problem";
import type { ResolvedLab, ResolvedSegment } from "../../plan/resolved";
import { pathOf, repeated } from "../../plan/rules";
import { wayOf } from "../segment/ways";
import { carrierOf, hopsOf, hopVni } from "./carrier";
import type { ResolvedChain, ResolvedHop } from "./resolved";
import { ChainFailure } from "./spec";

export function checkChains(lab: ResolvedLab): Problem[] {
  return [
    ...checkPairs(lab.chains),
    ...checkBoxes(lab.chains),
    ...lab.chains.flatMap((chain) => [
      ...checkRouted(lab, chain),
      ...checkSocket(lab, chain),
      ...checkProbe(chain),
    ]),
    ...checkVnis(lab),
  ];
}

/** Flows match frames by their ends, so one pair in two chains would be ambiguous. */
function checkPairs(chains: readonly ResolvedChain[]): Problem[] {
  const claims = chains.map(({ name, spec: { from, to }, segment }) => ({
    path: pathOf("chains", name, "to"),
    got: to,
    key: [segment.name, ...[from, to].sort()].join(" "),
    owner: pathOf("chains", name),
  }));
  const cure = "Write one chain with the middle boxes of both: a chain applies in both directions.";
  return repeated(claims, "The way between these two ends", cure);
}

function checkBoxes(chains: readonly ResolvedChain[]): Problem[] {
  const claims = chains.flatMap(({ name, through }) =>
    through.map((box, index) => ({
      path: pathOf("chains", name, "through", index),
      got: box.name,
      key: box.name,
    })),
  );
  return repeated(
    claims,
    "This middle box",
    "Use another container: a middle box has one place in one chain.",
  );
}

/** A router's frames have its own MAC, so only their addresses show which chain they belong to. */
function checkRouted({ containers }: ResolvedLab, { name, from, to, through }: ResolvedChain): Problem[] {
  const index = through.findIndex((box) => box.nic !== undefined);
  const box = through[index];
  if (box === undefined) return [];
  const unknown = [from, to].find((end) => isLent(end));
  if (unknown === undefined) return [];
  const message = `Is a routed middle box, but the address of ${unknown.name} is not known: DHCP assigns it, or it has none.`;
  const cure = `Give ${unknown.name} an address, or write a transparent middle box (interfaces: [{ chain: in }, { chain: out }]).`;
  return [{ path: pathOf("chains", name, "through", index), got: box.name, message, cure }];

  function isLent({ name: end, nic: number }: ResolvedHop): boolean {
    if (number === undefined) return false;
    const nic = containers.find((one) => one.name === end)?.nics[number];
    return nic?.place !== undefined && (nic.dhcp || nic.bare);
  }
}

/** A probe enters a box by one port and leaves by the other. Its result only decides whether the box is bypassed. */
function checkProbe({ name, failure, probe, through }: ResolvedChain): Problem[] {
  if (probe === undefined) return [];
  const fault = (message: string, cure: string): Problem[] => [
    { path: pathOf("chains", name, "probe"), got: probe, message, cure },
  ];
  if (failure === ChainFailure.Closed)
    return fault(
      "Has no effect with failure: closed, which never bypasses a middle box.",
      "Write failure: open, or remove probe.",
    );
  const routed = through.find(({ sides }) => sides === undefined);
  if (routed === undefined) return [];
  return fault(
    `Needs transparent middle boxes, but ${routed.name} is routed: a router does not forward probes.`,
    `Give ${routed.name} the interfaces chain: in and chain: out, or remove probe.`,
  );
}

/**
 * Open vSwitch carries a chain between hosts, whatever way to flood its segment has. The kernel's VXLAN device of another segment may use
 * the same UDP port.
 */
function checkSocket({ segments }: ResolvedLab, chain: ResolvedChain): Problem[] {
  const { segment } = chain;
  const { udpPort, encapsulation } = carrierOf(segment);
  const clash = segments.find(
    (one) =>
      one.udpPort === udpPort && wayOf(one.flooding).receiver !== undefined && sharesHost(one, segment),
  );
  if (clash === undefined) return [];
  const message = `Its packets between hosts use UDP port ${udpPort} (${encapsulation}), which the kernel device of ${pathOf("segments", clash.name)} also uses.`;
  const cure = `Give ${pathOf("segments", clash.name)} another udpPort.`;
  return [{ path: pathOf("chains", chain.name), got: chain.name, message, cure }];
}

const sharesHost = (one: ResolvedSegment, other: ResolvedSegment): boolean =>
  one.names.some((host) => other.names.includes(host));

/** Two hops with the same computed VNI, which has 23 bits only. */
function checkVnis({ identity, segments, chains }: ResolvedLab): Problem[] {
  const claims = [
    ...segments.map(({ name, vni }) => ({ path: pathOf("segments", name, "vni"), got: vni, key: vni })),
    ...chains.flatMap((chain) =>
      [...new Set(hopsOf(chain).map(({ name }) => name))].map((name) => {
        const vni = hopVni(identity, chain.name, name);
        return { path: pathOf("chains", chain.name), got: `${name}: ${vni}`, key: vni };
      }),
    ),
  ];
  const own = new Set(segments.map(({ name }) => pathOf("segments", name, "vni")));
  return repeated(claims, "The VNI computed for a hop", "Rename the chain.").filter(
    ({ path }) => !own.has(path),
  );
}
