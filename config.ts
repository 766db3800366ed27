/** The only reader of Pulumi config: `vxlab:*` in, typed settings out. All problems are reported at once. */
import * as pulumi from "@pulumi/pulumi";
import { withoutDeclarations } from "./config-copied";
import { checkArchives, checkFiles, checkImageFile } from "./config-files";
import { checkEnvironments, checkSecrets, secretKeys, splitContainers, veiled } from "./config-secrets";
import { checkStacks } from "./config-stacks";
import { presentOf } from "./plan/absent";
import { TopologyError } from "./plan/errors";
import { checkUri } from "./components/underlay/resolve";
import { checkIdentity } from "./plan/identity";
import { checkedLab } from "./plan/plan";
import { readShape } from "./plan/resolve";
import { sortedEntries, suggest } from "./plan/rules";
import { Role } from "./plan/roles";
import { SECTION_NAMES, SECTIONS, SETTINGS, STACK } from "./plan/settings";
import { outsideOf } from "./plan/shape";
import { Accel, type Problem, type Topology } from "./plan/types";
import { checkValue } from "./plan/values";
import type { VariablesOf } from "./components/container/variables";

/** The settings of an overlay stack. What depends on the underlay's hosts is checked once these are known. */
export interface OverlaySettings {
  /** `vxlab:underlayStack`: the own underlay's stack, by the name that Pulumi takes: `stack` or `organization/project/stack`. */
  underlayStack: string;
  /** `vxlab:peers`: other owners' underlay stacks, whose hosts this overlay has tunnels to. @default none */
  peers: string[];
  /** `vxlab:absent`, as it is written. */
  absent: unknown;
  /** `vxlab:identity`. @default none: project and stack */
  identity?: string;
  /** `vxlab:hosts`, `segments`, `containers` and the sections between them, as they are written. */
  sections: Record<string, unknown>;
  /** As in LabSettings. */
  secretEnv?: VariablesOf<string>;
  /** As in LabSettings. */
  bootTimeout: number;
}

/** The settings: the lab, and how it is run. */
export interface LabSettings {
  /** Without environment variables of containers, if these are in `secretEnv`. */
  topology: Topology;
  /** `vxlab:containers.<name>.env`, by container and name, when one is secret. @default none */
  secretEnv?: VariablesOf<string>;
  /** `vxlab:identity`. @default none: the name of the lab's component */
  identity?: string;
  /** `vxlab:libvirtUri`. @default none: the caller's VXLAB_LIBVIRT_URI, or what is found on the machine */
  libvirtUri?: string;
  /** `vxlab:accel`. @default none: as "auto", KVM when it truly works */
  accel?: "auto" | Accel;
  /** `vxlab:bootTimeout`: how long a machine may take from power-on to its first SSH login, seconds, 30-3600. @default 600 */
  bootTimeout: number;
}

const NAMESPACE = "vxlab:";
const KEYS = Object.keys(SETTINGS.fields);
const OVERLAY_KEYS = ["underlayStack", "peers"] as const;
/** Settings that only one of the roles has: an underlay decides what hosts are made of, an overlay what is put on them. */
const OVERLAY_SECTIONS = ["hosts", "segments", "containers", ...SECTION_NAMES] as const;
const UPPER: readonly string[] = OVERLAY_SECTIONS.filter((name) => name !== "hosts");
const UNDERLAY_SECTIONS = SECTIONS.filter((name) => !UPPER.includes(name));

/**
 * What the running stack holds.
 *
 * @throws TopologyError when it is not a role
 */
export function readRole(): Role {
  const { role = STACK.role.default } = withoutDeclarations(ownConfig()).raw;
  refuse(checkValue("role", role, STACK.role));
  return role as Role;
}

/**
 * The settings of the running stack: a whole lab's, or an underlay's, which has no segments and no containers.
 *
 * @throws TopologyError with everything that is wrong: unknown keys, shapes, values, missing files
 */
export function readConfig(): LabSettings {
  const { raw, problems: copied } = withoutDeclarations(ownConfig());
  const whole = sectionsOf(raw, raw.role === Role.Underlay ? UNDERLAY_SECTIONS : SECTIONS);
  const { sections, problems: away } = presentOf(whole, parsed(raw.absent) ?? []);
  const { topology: read, problems: shape, broken } = readShape(sections);
  const secret = secretKeys(Object.keys(raw));
  const { containers, ...split } = splitContainers(read.containers, secret.includes("containers"));
  const topology = { ...read, containers: containers as Topology["containers"] };
  const before = [
    ...copied,
    ...away,
    ...checkSecrets(secret, read.containers),
    ...unknownKeys(raw),
    ...overlayOnly(raw),
    ...shape,
  ];
  const after = [
    ...(split.secretEnv === undefined ? [] : checkEnvironments(read.containers)),
    ...checkImageFile(read.image.path),
    ...checkFiles(read),
    ...checkUri("libvirtUri", raw.libvirtUri),
    ...(raw.identity === undefined ? [] : checkIdentity(raw.identity)),
    ...checkRun(raw),
  ];
  // Only for an underlay: otherwise planLab runs the same two phases.
  if (before.length + after.length > 0) {
    const { problems } = checkedLab(topology, { lab: "lab" });
    refuse([...before, ...outsideOf(broken, problems), ...after]);
  }
  return {
    topology,
    ...split,
    ...identityOf(raw),
    ...(raw.libvirtUri === undefined ? {} : { libvirtUri: raw.libvirtUri }),
    ...(raw.accel === undefined ? {} : { accel: raw.accel as "auto" | Accel }),
    bootTimeout: Number(bootTimeoutOf(raw)),
  };
}

/**
 * The settings of the running stack, an overlay.
 *
 * @throws TopologyError with the problems that can be found before the underlay has been read
 */
export function readOverlayConfig(): OverlaySettings {
  const { raw, problems: copied } = withoutDeclarations(ownConfig());
  const { underlayStack, peers } = { underlayStack: raw.underlayStack, peers: parsed(raw.peers) ?? [] };
  const absent = parsed(raw.absent) ?? [];
  const sections = sectionsOf(raw, OVERLAY_SECTIONS);
  const secret = secretKeys(Object.keys(raw));
  refuse([
    ...copied,
    ...checkSecrets(secret, sections.containers),
    ...(secret.includes("containers") ? checkEnvironments(sections.containers) : []),
    ...unknownKeys(raw),
    ...checkStacks(underlayStack, peers),
    ...(raw.identity === undefined ? [] : checkIdentity(raw.identity)),
    ...checkArchives(sections.containers),
    ...checkValue("bootTimeout", bootTimeoutOf(raw), STACK.bootTimeout),
    ...checkValue("drift", parsed(raw.drift), STACK.drift),
  ]);
  const { containers, ...split } = splitContainers(sections.containers, secret.includes("containers"));
  return {
    underlayStack: String(underlayStack),
    peers: peers as string[],
    absent,
    ...identityOf(raw),
    sections: { ...sections, containers },
    ...split,
    bootTimeout: Number(bootTimeoutOf(raw)),
  };
}

/**
 * Runs a program with the settings that were read. Problems do not show the value of a setting that holds a secret.
 *
 * @throws TopologyError as the program does
 */
export async function veiling<T>(program: () => T | Promise<T>): Promise<T> {
  try {
    return await program();
  } catch (error) {
    if (error instanceof TopologyError) refuse(error.problems);
    throw error;
  }
}

function refuse(problems: readonly Problem[]): void {
  const secret = secretKeys(Object.keys(ownConfig()));
  const shown = problems.map((problem) => veiled(problem, secret));
  if (shown.length > 0) throw new TopologyError(shown);
}

function sectionsOf(raw: Raw, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, parsed(raw[name])]));
}

const identityOf = ({ identity }: Raw): { identity?: string } => (identity === undefined ? {} : { identity });

function bootTimeoutOf({ bootTimeout }: Raw): unknown {
  return bootTimeout === undefined ? STACK.bootTimeout.default : numeric(bootTimeout);
}

/**
 * Whether a run of Pulumi's own looks at the hosts.
 *
 * Throws nothing: the other readers report its problems.
 */
export function readDrift(): boolean {
  return withoutDeclarations(ownConfig()).raw.drift === "true";
}

/** How a lab is run. */
function checkRun(raw: Raw): Problem[] {
  return [
    ...checkValue("drift", parsed(raw.drift), STACK.drift),
    ...checkValue("accel", raw.accel, STACK.accel),
    ...checkValue("bootTimeout", bootTimeoutOf(raw), STACK.bootTimeout),
  ];
}

type Raw = Readonly<Record<string, string | undefined>>;

/** Reports settings of overlay stacks in a stack of another role, where nothing reads them. */
function overlayOnly(raw: Raw): Problem[] {
  return OVERLAY_KEYS.filter((path) => raw[path] !== undefined).map((path) => ({
    path,
    got: parsed(raw[path]),
    message: `Is a setting of overlay stacks, but this is ${raw.role === undefined ? "a lab" : `of role ${raw.role}`}.`,
    cure: `Remove it, or add role: ${Role.Overlay}.`,
  }));
}

/** All settings of the namespace, without its prefix. pulumi.Config cannot list settings. */
function ownConfig(): Raw {
  const own = sortedEntries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(NAMESPACE));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(NAMESPACE.length), value]));
}

/** Objects arrive as JSON; other text is passed on unchanged, so that a problem can show it. */
function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Every scalar arrives as text, whether it was a number in the file or not. */
function numeric(text: string): unknown {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function unknownKeys(raw: Raw): Problem[] {
  return Object.keys(raw)
    .filter((key) => !KEYS.includes(key))
    .map((path) => ({
      ...{ path, got: parsed(raw[path]), cure: suggest(path, KEYS, "setting") },
      message: `Is not a setting of ${NAMESPACE.slice(0, -1)}.`,
    }));
}
