/** Which hosts a run of the engine has to reach, and what it does there. Pure. */
import { readStepInput } from "../../guest/protocol";
import { isEqual, isObject } from "../../plan/change";
import type { Inputs } from "../../plan/change";
import type { StepMetadata } from "../engine/events";

/** A resource of a state, or of one step of the engine. */
export interface Found {
  urn: string;
  type: string;
  /** URN. */
  parent?: string;
  /** What happens to it. */
  op: string;
  /** As deployed; undefined for a new one. */
  old?: Inputs;
  /** As wanted; undefined for one that is deleted. */
  now?: Inputs;
}

/** A resource of a state. */
interface InState {
  urn: string;
  type: string;
  inputs?: Record<string, unknown>;
  parent?: string;
  deletedWith?: string;
}

/** What is to be done on one host. */
export interface Work {
  host: string;
  /** The steps, and the components that they belong to. */
  urns: string[];
  /** Names of these components. */
  names: string[];
}

const STEP = /^command:remote:/;
const MACHINE = "vxlab:index:KvmHost";
const EXISTING = "vxlab:index:ExistingHost";
const BRIDGE = "vxlab:index:OvsBridge";
/** Inputs of an existing host that say where SSH answers. */
const REACH = ["address", "sshAddress", "port", "user", "hostKey"];

const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";
const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

/** The work on each host that has answered before. A new host is still booting, so its steps wait for it. */
export function workOn(all: readonly Found[]): Work[] {
  const byUrn = new Map(all.map((one) => [one.urn, one]));
  const fresh = new Set(all.filter((one) => isFresh(one, byUrn)).flatMap((one) => hostsOf(one, byUrn)));
  const works = new Map<string, Work>();
  for (const one of all) {
    if (!STEP.test(one.type) || one.op === "same") continue;
    for (const host of hostsOf(one, byUrn)) {
      const work = works.get(host) ?? { host, urns: [], names: [] };
      works.set(host, work);
      const { parent = one.urn } = one;
      work.urns.push(...[one.urn, parent].filter((urn) => !work.urns.includes(urn)));
      if (!work.names.includes(nameOf(parent))) work.names.push(nameOf(parent));
    }
  }
  return [...works.values()].filter(({ host }) => !fresh.has(host));
}

/** The hosts that a resource is on: two when it moves. */
function hostsOf(one: Found, byUrn: ReadonlyMap<string, Found>): string[] {
  const thing = STEP.test(one.type) || one.type.startsWith("libvirt:") ? byUrn.get(one.parent ?? "") : one;
  if (thing === undefined) return [];
  const names = [thing.old, thing.now].flatMap((inputs) => {
    const { hostName } = inputs ?? {};
    if (typeof hostName === "string") return [hostName];
    return inputs !== undefined && [MACHINE, EXISTING].includes(thing.type) ? [ownName(thing)] : [];
  });
  return [...new Set(names)];
}

/** The hosts that the step of this name is on. */
export function hostsOfStep(all: readonly Found[], name: string): string[] {
  const byUrn = new Map(all.map((one) => [one.urn, one]));
  return all
    .filter(({ urn, type }) => STEP.test(type) && nameOf(urn) === name)
    .flatMap((one) => hostsOf(one, byUrn));
}

/** True for a component that is the host or is on it. */
export const isOn = (one: Found, host: string): boolean => hostsOf(one, new Map()).includes(host);

/** True for a machine of this name that the stack makes. */
export const isMachine = (one: Found, host: string): boolean => one.type === MACHINE && isOn(one, host);

/** "srv" of "lab-srv" below "lab". */
function ownName({ urn, parent = "" }: Found): string {
  const [name, head] = [nameOf(urn), `${nameOf(parent)}-`];
  return name.startsWith(head) ? name.slice(head.length) : name;
}

/** True for a change that rebuilds the host, starts it, or changes how it is reached. */
function isFresh(one: Found, byUrn: ReadonlyMap<string, Found>): boolean {
  const { type, op, old, now } = one;
  if (type === "libvirt:index/domain:Domain") return op !== "same";
  if (type === EXISTING)
    return op !== "same" && op !== "delete" && REACH.some((key) => !isEqual(old?.[key], now?.[key]));
  if (!STEP.test(type) || byUrn.get(one.parent ?? "")?.type !== BRIDGE) return false;
  return op !== "same" && op !== "delete" && (op !== "update" || machineOf(old) !== machineOf(now));
}

/** Differs for each machine of an underlay stack. */
function machineOf(inputs: Inputs | undefined): string | undefined {
  const stdin = inputs?.["stdin"];
  return typeof stdin === "string" ? readStepInput(stdin)?.machine : isObject(stdin) ? "secret" : undefined;
}

/** The steps of a preview. Those of a replacement are one. */
export function foundIn(steps: readonly StepMetadata[]): Found[] {
  const found = new Map<string, Found>();
  for (const { urn, op, old, new: now } of steps) {
    const before = found.get(urn);
    const parent = now?.parent ?? old?.parent ?? before?.parent;
    found.set(urn, {
      ...{ urn, type: typeOf(urn), op: before === undefined ? op : "replace" },
      ...(parent === undefined ? {} : { parent }),
      ...given("old", before?.old ?? old?.inputs),
      ...given("now", now?.inputs ?? before?.now),
    });
  }
  return [...found.values()];
}

/** What a `destroy` would delete on hosts: what is deleted with its machine needs no host. */
export function foundInState(all: readonly InState[]): Found[] {
  const known = new Set(all.map(({ urn }) => urn));
  return all.map(({ urn, type, parent, inputs, deletedWith = "" }) => ({
    ...{ urn, type, op: STEP.test(type) && known.has(deletedWith) ? "same" : "delete" },
    ...given("parent", parent),
    ...given("old", inputs),
  }));
}

const given = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as Partial<Record<Key, Value>>;
