/** Service chains, read: both ends, the segment that they are in, and the middle boxes. */
import type { Findings } from "../../plan/findings";
import { labelFault } from "../../plan/names";
import type { AccessNic, ResolvedContainer, ResolvedSegment } from "../../plan/resolved";
import { compareText, pathOf, sortedEntries, suggest } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { simpleValues } from "../../plan/values";
import type { At } from "../../plan/values";
import { ChainSide } from "../container/spec";
import { servicesOf } from "../service/of-segment";
import type { ResolvedChain, ResolvedHop } from "./resolved";
import { CHAIN, GATEWAY } from "./spec";
import type { ChainSpec } from "./spec";

interface Context {
  segments: readonly ResolvedSegment[];
  containers: readonly ResolvedContainer[];
}

interface Input extends Context {
  topology: Topology;
  spec: ChainSpec;
  at: At;
}

/** The chains with two usable ends and usable middle boxes, sorted by name. */
export function resolveChains(topology: Topology, context: Context, said: Findings): ResolvedChain[] {
  return sortedEntries(topology.chains ?? {}).flatMap(([name, spec]) => {
    const at: At = (...keys) => pathOf("chains", name, ...keys);
    said.sayIf(at(), name, labelFault(name), "Rename the chain, for example web-db.");
    return resolveChain(name, { topology, spec, at, ...context }, said) ?? [];
  });
}

function resolveChain(name: string, input: Input, said: Findings): ResolvedChain | undefined {
  const { spec, at } = input;
  const { failure, probe } = simpleValues({ failure: CHAIN.failure, probe: CHAIN.probe }, spec, at, said);
  const known = (["from", "to"] as const).map((key) => isEnd(at(key), spec[key], input, said));
  const through = namesIn(at("through"), spec.through, input, said);
  if (known.includes(false)) return undefined;
  if (spec.from === spec.to) {
    said.say(at("to"), spec.to, "Is also the chain's other end.", "Name two ends that differ.");
    return undefined;
  }
  const segment = resolveSegment(input, said);
  if (segment === undefined || through === undefined) return undefined;
  const end = (key: "from" | "to") => endIn(segment, at(key), spec[key], input, said);
  const [from, to] = [end("from"), end("to")];
  const boxes = through.map((box, index) => boxIn(segment, at("through", index), box, input, said));
  const usable = boxes.flatMap((box) => box ?? []);
  if (from === undefined || to === undefined || usable.length < boxes.length) return undefined;
  const probed = probe === undefined ? {} : { probe };
  return { name, spec, failure, ...probed, segment, from, through: usable, to };
}

/** Whether it is a container of the lab, or the gateway. */
function isEnd(path: string, got: unknown, { topology }: Input, said: Findings): boolean {
  const names = Object.keys(topology.containers).sort(compareText);
  if (got === GATEWAY && names.includes(GATEWAY)) {
    const message = "Names both the segment's gateway and a container.";
    said.say(path, got, message, `Rename the container ${GATEWAY}.`);
    return false;
  }
  if (typeof got === "string" && (got === GATEWAY || names.includes(got))) return true;
  const message =
    got === undefined ? "Is missing: a chain needs two ends." : "Is not a container of this lab.";
  said.say(path, got, message, suggest(got, [...names, GATEWAY], "container"));
  return false;
}

function namesIn(path: string, got: unknown, { topology }: Input, said: Findings): string[] | undefined {
  const { fewest, most } = CHAIN.through;
  if (!Array.isArray(got) || got.length < fewest || got.length > most) {
    const message = `Is not a list of ${fewest} to ${most} middle boxes.`;
    said.say(path, got, message, "Write the names of containers, in order: [firewall, tap].");
    return undefined;
  }
  const names = Object.keys(topology.containers).sort(compareText);
  const known = got.filter((box: unknown, index) => {
    const isKnown = typeof box === "string" && names.includes(box);
    if (!isKnown)
      said.say(`${path}[${index}]`, box, "Is not a container of this lab.", suggest(box, names, "container"));
    return isKnown;
  });
  return known.length === got.length ? (known as string[]) : undefined;
}

const containerOf = ({ containers }: Context, name: string): ResolvedContainer | undefined =>
  containers.find((one) => one.name === name);

const accessIn = (box: ResolvedContainer, { name }: ResolvedSegment): AccessNic | undefined =>
  box.nics.find((nic): nic is AccessNic => nic.place?.segment.name === name);

/** The segments of an end: of a container, those of its interfaces without tags; of the gateway, those that have one. */
function segmentsOf(input: Input, end: string): ResolvedSegment[] {
  if (end === GATEWAY)
    return input.segments.filter((one) => servicesOf(one).some(({ nat, six }) => nat || six !== undefined));
  const box = containerOf(input, end);
  return box === undefined ? [] : input.segments.filter((segment) => accessIn(box, segment) !== undefined);
}

function resolveSegment(input: Input, said: Findings): ResolvedSegment | undefined {
  const { topology, spec, at } = input;
  const { from, to, segment: got } = spec;
  // A container with problems has been reported already.
  const ends = [from, to].filter((end) => end !== GATEWAY);
  if (ends.some((end) => containerOf(input, end) === undefined)) return undefined;
  const theirs = new Set(segmentsOf(input, to).map(({ name }) => name));
  const common = segmentsOf(input, from).filter(({ name }) => theirs.has(name));
  const names = common.map(({ name }) => name);
  if (got !== undefined) {
    const found = common.find(({ name }) => name === got);
    const known = Object.hasOwn(topology.segments, got);
    const message = known ? `Does not have both ${from} and ${to}.` : "Is not a segment of this lab.";
    if (found === undefined)
      said.say(at("segment"), got, message, suggest(got, names, "segment that both ends are in"));
    return found;
  }
  const [only, second] = common;
  if (only !== undefined && second === undefined) return only;
  if (second !== undefined) {
    const message = `Is missing: ${from} and ${to} are together in ${names.join(" and ")}.`;
    said.say(at("segment"), got, message, "Write the segment that the chain is in.");
    return undefined;
  }
  said.say(at("to"), to, apart(input, from, to), APART_CURE);
  return undefined;
}

const APART_CURE =
  "Name ends that each have an interface in one segment (not a trunk), or gateway where that segment has one.";

function apart(input: Input, from: string, to: string): string {
  const where = (end: string) => {
    const names = segmentsOf(input, end).map(({ name }) => name);
    return names.length === 0 ? `${end} is not in a segment` : `${end} is in ${names.join(" and ")}`;
  };
  return `Is not in a segment of the other end: ${where(from)}, ${where(to)}.`;
}

function endIn(
  segment: ResolvedSegment,
  path: string,
  name: string,
  input: Input,
  said: Findings,
): ResolvedHop | undefined {
  if (name === GATEWAY) {
    const [gateway, another] = servicesOf(segment);
    if (another === undefined) return gateway && { name, host: gateway.host };
    const message = `Is ambiguous: segment ${segment.name} has several gateways.`;
    said.say(path, name, message, "Name a container that routes, or keep one gateway.");
    return undefined;
  }
  const box = containerOf(input, name);
  const nic = box && accessIn(box, segment);
  if (box === undefined || nic === undefined) return undefined;
  if (input.spec.through.includes(name)) {
    const message = "Is both an end and a middle box of this chain.";
    said.say(path, name, message, "Remove it from through, or name another end.");
    return undefined;
  }
  return { name, host: box.host, nic: nic.number };
}

function boxIn(
  segment: ResolvedSegment,
  path: string,
  name: string,
  input: Input,
  said: Findings,
): ResolvedHop | undefined {
  const box = containerOf(input, name);
  if (box === undefined) return undefined;
  if (!segment.names.includes(box.host)) {
    const hosts = pathOf("segments", segment.name, "hosts");
    const message = `Its host ${box.host} is not in segment ${segment.name}: ${hosts} does not list it.`;
    said.say(path, name, message, `Add ${box.host} to ${hosts}, or move the container to one of them.`);
    return undefined;
  }
  const side = (wanted: ChainSide) => box.nics.find((nic) => nic.side === wanted)?.number;
  const [inner, outer] = [side(ChainSide.In), side(ChainSide.Out)];
  if (inner !== undefined && outer !== undefined)
    return { name, host: box.host, sides: { in: inner, out: outer } };
  const nic = accessIn(box, segment);
  if (nic !== undefined && !nic.bare) return { name, host: box.host, nic: nic.number };
  const message =
    nic === undefined
      ? `Is not a middle box: it has neither chain: in and chain: out, nor an interface in segment ${segment.name}.`
      : `Is a routed middle box without an address in segment ${segment.name}.`;
  const cure =
    "Write interfaces: [{ chain: in }, { chain: out }] for a transparent one; give a routed one an address.";
  said.say(path, name, message, cure);
  return undefined;
}
