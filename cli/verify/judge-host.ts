/** Verdicts on a host as a whole: what is kept there, what is there and should not be, what has changed. Pure. */
import type { DriftCheck, ForeignCheck, KeptCheck, Served, Thing } from "./checks";
import type { DriftFacts, HostFacts, KeptFacts } from "./parse";
import type { Verdict } from "./judge-still";

const UNSEEN: Verdict = { ok: false, got: "was not looked at" };

/** As people call it: a port's key is its VNI. */
function thingText({ kind, key }: Pick<Thing, "kind" | "key">): string {
  return kind === "port" ? `port of VNI ${key}` : `${kind} ${key}`;
}

const isThing = (thing: Thing, file: KeptFacts): boolean =>
  thing.kind === file.kind && thing.key === file.key;

export function onKept({ lab, things }: KeptCheck, { kept }: HostFacts): Verdict {
  if (kept === undefined) return UNSEEN;
  const own = kept.filter((file) => file.lab === lab);
  const missing = things.filter((thing) => !own.some((file) => isThing(thing, file)));
  if (missing.length === 0) return { ok: true, got: `${things.length} files` };
  return { ok: false, got: `missing for ${missing.map(thingText).join(", ")}` };
}

export function onDrift(check: DriftCheck, facts: HostFacts): Verdict {
  if (facts.drift === undefined) return unasked(facts);
  const found = hostDrift(check, facts);
  return found.length === 0 ? { ok: true, got: "no drift" } : { ok: false, got: driftText(found) };
}

/** What has changed on the host; neither what is its services', nor what is another lab's there. */
export function hostDrift({ lab, services }: DriftCheck, facts: HostFacts): DriftFacts[] {
  const own = (facts.drift ?? []).filter((line) => line.lab === undefined || line.lab === lab);
  return own.filter((line) => !services.some((device) => isService(line, device, facts)));
}

/** What the guest tools say of NAT and DHCP of one service. */
export function serviceDrift({ lab, device }: Served, facts: HostFacts): Verdict {
  if (facts.drift === undefined) return unasked(facts);
  const own = facts.drift.filter((line) => line.lab === lab);
  const found = own.filter((line) => isService(line, device, facts));
  return { ok: found.length === 0, got: driftText(found) };
}

/** Tools of an earlier vxlab have no such verb. */
function unasked({ trouble }: HostFacts): Verdict {
  const words = trouble.get("drift");
  if (words === undefined) return UNSEEN;
  const old = /usage:|not found/.test(words);
  return {
    ok: false,
    got: old
      ? "the host has the guest tools of another vxlab: run ./vxlab up"
      : `cannot be looked at: ${words}`,
  };
}

/** What is wrong with NAT or DHCP of this service is the service's verdict. */
function isService({ of, lab, step }: DriftFacts, device: string, { kept = [] }: HostFacts): boolean {
  const own = kept.some(
    (file) => file.kind === "service" && file.key === device && file.step === step && file.lab === lab,
  );
  return own && ["nat", "dhcp"].includes(of);
}

function driftText(found: readonly DriftFacts[]): string {
  return found.map((line) => line.found).join("; ");
}

export function onForeign(check: ForeignCheck, facts: HostFacts): Verdict {
  if (facts.kept === undefined || facts.boxes === undefined || facts.bridges === undefined) return UNSEEN;
  const strays = straysOf(check, facts);
  const foreign = foreignOf(check, facts);
  const aside = foreign.length === 0 ? "" : `foreign, left alone: ${foreign.join(", ")}`;
  if (strays.length === 0) return { ok: true, got: aside || "nothing else" };
  return {
    ok: false,
    got: [`no plan has this here: ${strays.join(", ")}`, ...(aside ? [aside] : [])].join("; "),
  };
}

/** This lab's, and on no plan of this host. */
function straysOf(check: ForeignCheck, facts: HostFacts): string[] {
  const files = strayFiles(check, facts);
  const known = new Set(files.flatMap(({ lab, step }) => [step, `${lab}-${step}`]));
  const ports = unplannedPorts(check, facts).filter(([, { step }]) => step !== undefined && !known.has(step));
  const bridges = [...(facts.bridges ?? [])].filter(
    ([name, lab]) => lab === check.lab && !check.bridges.includes(name),
  );
  return [
    ...files.map((file) => `${thingText(file as Thing)}${whereabouts(check, file, facts)}`),
    ...bridges.map(([name]) => `bridge ${name}`),
    ...ports.map(([name, { step }]) => `port ${name} of ${step}`),
  ];
}

function whereabouts({ homes }: ForeignCheck, { kind, key }: KeptFacts, { boxes }: HostFacts): string {
  if (kind !== "container") return "";
  const runs = boxes?.some(({ name, state }) => [key, `vxlab-${key}`].includes(name) && state === "RUNNING");
  const home = homes[key];
  const words = [
    ...(runs ? ["runs"] : []),
    home === undefined ? "is in no plan" : `the plan has it on ${home}`,
  ];
  return ` (${words.join("; ")})`;
}

function strayFiles({ lab, things }: ForeignCheck, { kept = [] }: HostFacts): KeptFacts[] {
  return kept.filter((file) => file.lab === lab && !things.some((thing) => isThing(thing, file)));
}

/** On bridges of this lab. */
function unplannedPorts({ bridges, ports, lab }: ForeignCheck, facts: HostFacts) {
  const ours = (bridge = "") => bridges.includes(bridge) || facts.bridges?.get(bridge) === lab;
  return [...(facts.ports ?? [])].filter(
    ([name, { bridge }]) => ours(bridge) && !ports.includes(name) && name !== bridge,
  );
}

/** Of nobody whom this lab knows: named, and left alone. */
export function foreignOf(check: ForeignCheck, facts: HostFacts): string[] {
  const ports = unplannedPorts(check, facts).filter(([, { step }]) => step === undefined);
  const strays = strayFiles(check, facts);
  const boxes = (facts.boxes ?? []).filter(({ name, kind, state }) => {
    const mine = (key: string) => name === (kind === "docker" ? `vxlab-${key}` : key);
    const own = check.things.some(
      (thing) =>
        thing.kind === "container" && (thing.docker === true) === (kind === "docker") && mine(thing.key),
    );
    return state === "RUNNING" && !own && !strays.some((file) => file.kind === "container" && mine(file.key));
  });
  return [
    ...ports.map(([name, { bridge = "" }]) => `port ${name} on ${bridge}`),
    ...boxes.map(({ name, kind }) => `${kind === "docker" ? "Docker" : "LXC"} container ${name}`),
  ];
}
