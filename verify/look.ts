/** Compares a host with the stack's state: what the host is asked, and how its answer is read. Pure. */
import { createHash } from "node:crypto";
import { CONTAINER_KINDS, CONTAINER_WORDS } from "../components/container/kinds";
import type { LabOutput } from "../plan/contract";
import { unpack } from "../guest/pack";
import { PROTOCOL } from "../guest/protocol";
import { scriptText } from "./evidence/scripts";
import type { DriftFacts } from "./evidence/facts";
import { jsonLines, linesOf, sections } from "./evidence/text";

/** A step on a host, as the state has it. */
export interface KnownStep {
  name: string;
  kind: string;
  key: string;
  stdin: string;
}

/** Something on a host that is not as planned. */
export interface Difference {
  host: string;
  /** What it is about: `segment red`, `container c1`, `machine`. */
  thing: string;
  /** The step that repairs it; absent if none does. */
  step?: string;
  /** More of them. */
  steps?: readonly string[];
  /** What is wrong, in words. */
  found: string;
}

/** What a host has answered. */
export interface HostLook {
  differences: Difference[];
  /** What belongs to no lab: it is left alone. */
  foreign: string[];
}

export const LOOK_COMMAND = scriptText("look.sh");

interface Asked {
  lab: LabOutput;
  host: string;
  /** The steps on this host. */
  steps: readonly KnownStep[];
}

/** @throws SyntaxError when the answer was cut short */
export function readLook(text: string, asked: Asked): HostLook {
  const found = sections(text);
  const bodyOf = (kind: string) => found.find((section) => section.kind === kind)?.body ?? "";
  const [code = ""] = found.find(({ kind }) => kind === "code")?.words ?? [];
  if (code === "") throw new SyntaxError("the answer is incomplete");
  const sums = new Map(linesOf(bodyOf("sums")).map((line) => [line.slice(66), line.slice(0, 64)]));
  const lines = code === "0" ? (jsonLines(bodyOf("found")) as DriftFacts[]) : [];
  const dead = code === "0" ? [] : [toBridge(asked, "the guest tools of this host do not run")];
  const kept = asked.steps.flatMap((step) => onFiles(asked, step, sums));
  const tools = onTools(asked, /^[0-9a-f]{64}/.exec(bodyOf("tools"))?.[0] ?? "", sums);
  const own = lines.filter(({ of, lab }) => of !== "foreign" && (lab === undefined || lab === asked.lab.id));
  return {
    differences: unique([
      ...dead,
      ...tools,
      ...kept,
      ...joined(
        asked.host,
        own.flatMap((line) => differenceOf(asked, line) ?? []),
      ),
    ]),
    foreign: [
      ...lines.filter(({ of }) => of === "foreign").map((line) => line.found),
      ...strays(asked, sums),
    ],
  };
}

const sum = (text: string): string => createHash("sha256").update(text).digest("hex");
const fileOf = (lab: string, { kind, name }: KnownStep): string => `${kind}-${lab}-${name}.json`;

/** The files of desired state and secrets are those that the step sent. */
function onFiles(asked: Asked, step: KnownStep, sums: ReadonlyMap<string, string>): Difference[] {
  const { lab } = asked;
  const file = fileOf(lab.id, step);
  const [state = "", secrets] = step.stdin.split("\n", 2);
  const is = (found: string): Difference[] => [about(asked, step, found)];
  const kept = sums.get(`desired/${file}`);
  if (kept === undefined) return is("its desired state is missing: it does not start after a reboot");
  // A state of an older form: the host's tools have rewritten it.
  if ((JSON.parse(state) as { v?: unknown }).v !== PROTOCOL) return [];
  if (kept !== sum(`${state}\n`)) return is(`its desired state was changed: /var/lib/vxlab/desired/${file}`);
  const wanted = step.kind === "bridge" || secrets === undefined ? undefined : sum(`${secrets}\n`);
  if (sums.get(`secrets/${file}`) === wanted) return [];
  return is(`its secrets were changed: /var/lib/vxlab/secrets/${file}`);
}

/** The guest tools are those that the bridge's step sent, unless another lab on this host has brought others. */
function onTools(asked: Asked, found: string, sums: ReadonlyMap<string, string>): Difference[] {
  const { lab, steps } = asked;
  const bridge = steps.find(({ kind }) => kind === "bridge");
  const [, tools = ""] = /^.*\n([^]*)$/.exec(bridge?.stdin ?? "") ?? [];
  const isAlone = [...sums.keys()].every((path) => path.includes(`-${lab.id}-`));
  if (bridge === undefined || tools === "" || !isAlone || found === sum(unpack(tools))) return [];
  const words = found === "" ? "are missing" : "were changed";
  return [about(asked, bridge, `the guest tools ${words}: /usr/lib/vxlab/guest`)];
}

/** Files of this lab that no step of the state has. */
function strays({ lab, steps }: Asked, sums: ReadonlyMap<string, string>): string[] {
  const known = new Set(steps.map((step) => `desired/${fileOf(lab.id, step)}`));
  return [...sums.keys()]
    .filter((path) => path.startsWith("desired/") && path.includes(`-${lab.id}-`) && !known.has(path))
    .map((path) => `${path.slice("desired/".length)} belongs to this lab, but to no step of its stack`);
}

function differenceOf(asked: Asked, { step: name, found }: DriftFacts): Difference | undefined {
  if (name === undefined) return toBridge(asked, found);
  const step = asked.steps.find((one) => one.name === name);
  return step === undefined ? undefined : about(asked, step, found);
}

/** The step of the bridge repairs differences of the whole host. */
function toBridge(asked: Asked, found: string): Difference {
  const bridge = asked.steps.find(({ kind }) => kind === "bridge");
  return bridge === undefined ? { host: asked.host, thing: "host", found } : about(asked, bridge, found);
}

function about({ lab, host }: Pick<Asked, "lab" | "host">, step: KnownStep, found: string): Difference {
  const thing = thingOf(lab, host, step);
  const prefix = [`${thing}: `, `${step.key}: `].find((text) => found.startsWith(text)) ?? "";
  return { host, thing, step: step.name, found: found.slice(prefix.length) };
}

/** A port's key is a VNI, a service's its interface. */
function thingOf({ hosts, services }: LabOutput, host: string, { kind, key }: KnownStep): string {
  if (kind === "port") {
    const port = hosts.find(({ name }) => name === host)?.ports.find(({ vni }) => String(vni) === key);
    return `segment ${port?.segment ?? `VNI ${key}`}`;
  }
  if (kind !== "service") return `${kind} ${key}`;
  return `service of ${services.find(({ device }) => device === key)?.segment ?? key}`;
}

/** A program that runs containers and does not answer (container_found) is one difference, not one for each of its containers. */
function joined(host: string, all: readonly Difference[]): readonly Difference[] {
  return CONTAINER_WORDS.reduce((left: readonly Difference[], kind) => {
    const silent = left.filter(({ found }) => found === `${kind} does not answer`);
    if (silent.length === 0) return left;
    const steps = silent.flatMap(({ step }) => step ?? []);
    const found = `does not answer: ${silent.map(({ thing }) => thing).join(", ")} not known`;
    const one = { host, thing: CONTAINER_KINDS[kind].title, found, steps };
    return [one, ...left.filter((other) => !silent.includes(other))];
  }, all);
}

function unique(all: readonly Difference[]): Difference[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** Longest list of differences of one thing. */
const NAMED = 3;

/** The repair texts of steps, by the step's name. */
export function repairsOf(differences: readonly Difference[]): Record<string, string> {
  const found = new Map<string, string[]>();
  for (const { step, steps = [], thing, found: text } of differences) {
    if (step !== undefined) found.set(step, [...(found.get(step) ?? []), text]);
    for (const one of steps) found.set(one, [...(found.get(one) ?? []), `${thing} ${text}`]);
  }
  return Object.fromEntries([...found].map(([step, texts]) => [step, few(texts)]));
}

function few(texts: readonly string[]): string {
  const rest = texts.length - NAMED;
  return [...texts.slice(0, NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join("; ");
}
