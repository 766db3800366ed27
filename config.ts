/** The only reader of Pulumi config: `vxlab:*` in, typed settings out, everything wrong said at once. */
import { closeSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { withoutDeclarations } from "./config-copied";
import { checkArchives, checkFiles } from "./config-files";
import { checkEnvironments, checkSecrets, secretKeys, splitContainers, veiled } from "./config-secrets";
import { TopologyError } from "./plan/errors";
import { checkUri } from "./components/underlay/check";
import { checkChoice, checkInteger, sortedEntries, suggest } from "./plan/rules";
import { Role } from "./plan/roles";
import { readTopology } from "./plan/schema";
import { SECTIONS } from "./plan/settings";
import { Accel } from "./plan/types";
import type { Problem, Topology } from "./plan/types";
import type { VariablesOf } from "./components/container/variables";

/** What `vxlab:*` says of an overlay stack; what depends on the underlay's hosts is checked when these are known. */
export interface OverlaySettings {
  /** `vxlab:underlayStack`: the own underlay's stack, by the name that Pulumi takes: `stack` or `organization/project/stack`. */
  underlayStack: string;
  /** `vxlab:peers`: other owners' underlay stacks, whose hosts this overlay has tunnels to. @default none */
  peers: string[];
  /** `vxlab:hosts`, `segments` and `containers`, as they are written. */
  sections: Record<string, unknown>;
  /** As in LabSettings. */
  secretEnv?: VariablesOf<string>;
  /** As in LabSettings. */
  bootTimeout: number;
}

/** What `vxlab:*` says: the lab, and how it is to be run. */
export interface LabSettings {
  /** Without environment variables of containers, if these are in `secretEnv`. */
  topology: Topology;
  /** `vxlab:containers.<name>.env`, by container and name, when one is secret. @default none */
  secretEnv?: VariablesOf<string>;
  /** `vxlab:libvirtUri`. @default none: the caller's VXLAB_LIBVIRT_URI, or what is found on the machine */
  libvirtUri?: string;
  /** `vxlab:accel`. @default none: as "auto", KVM when it truly works */
  accel?: "auto" | Accel;
  /** `vxlab:bootTimeout`: how long a machine may take from power-on to its first SSH login, seconds, 30-3600. @default 600 */
  bootTimeout: number;
}

const NAMESPACE = "vxlab:";
const OVERLAY_KEYS: readonly string[] = ["underlayStack", "peers"];
const KEYS: readonly string[] = [...SECTIONS, ...OVERLAY_KEYS, "role", "libvirtUri", "accel", "bootTimeout"];
/** What an overlay's hosts are made of is its underlay's business, and the other way round. */
const OVERLAY_SECTIONS: readonly string[] = ["hosts", "segments", "containers"];
const UNDERLAY_SECTIONS = SECTIONS.filter((name) => name !== "segments" && name !== "containers");
const ROLES: readonly string[] = Object.values(Role);
const DEFAULT_BOOT_TIMEOUT = 600;
const ACCELS: readonly string[] = ["auto", ...Object.values(Accel)];

/**
 * What the running stack holds.
 *
 * @throws TopologyError when it is none of the roles
 */
export function readRole(): Role {
  const { role = Role.Lab } = withoutDeclarations(ownConfig()).raw;
  refuse(checkChoice("role", role, ROLES));
  return role as Role;
}

/**
 * The settings of the running stack: a whole lab's, or an underlay's, which has no segments and no containers.
 *
 * @throws TopologyError with everything that is wrong: unknown keys, shapes, values, missing files
 */
export function readConfig(): LabSettings {
  const { raw, problems: copied } = withoutDeclarations(ownConfig());
  const { topology, problems } = readTopology(
    sectionsOf(raw, raw.role === Role.Underlay ? UNDERLAY_SECTIONS : SECTIONS),
  );
  const bootTimeout = bootTimeoutOf(raw);
  const secret = secretKeys(Object.keys(raw));
  refuse([
    ...copied,
    ...checkSecrets(secret, topology.containers),
    ...unknownKeys(raw),
    ...overlayOnly(raw),
    ...problems,
    ...checkImageFile(topology.image.path),
    ...checkFiles(topology),
    ...checkUri("libvirtUri", raw.libvirtUri),
    ...checkChoice("accel", raw.accel, ACCELS),
    ...checkBootTimeout(bootTimeout),
  ]);
  const { containers, ...split } = splitContainers(topology.containers, secret.includes("containers"));
  return {
    topology: { ...topology, containers: containers as Topology["containers"] },
    ...split,
    ...(raw.libvirtUri === undefined ? {} : { libvirtUri: raw.libvirtUri }),
    ...(raw.accel === undefined ? {} : { accel: raw.accel as "auto" | Accel }),
    bootTimeout: Number(bootTimeout),
  };
}

/**
 * The settings of the running stack, an overlay.
 *
 * @throws TopologyError with what can be known to be wrong before the underlay has been read
 */
export function readOverlayConfig(): OverlaySettings {
  const { raw, problems: copied } = withoutDeclarations(ownConfig());
  const { underlayStack, peers } = { underlayStack: raw.underlayStack, peers: parsed(raw.peers) ?? [] };
  const bootTimeout = bootTimeoutOf(raw);
  const sections = sectionsOf(raw, OVERLAY_SECTIONS);
  const secret = secretKeys(Object.keys(raw));
  refuse([
    ...copied,
    ...checkSecrets(secret, sections.containers),
    ...(secret.includes("containers") ? checkEnvironments(sections.containers) : []),
    ...unknownKeys(raw),
    ...checkStacks(underlayStack, peers),
    ...checkArchives(sections.containers),
    ...checkBootTimeout(bootTimeout),
  ]);
  const { containers, ...split } = splitContainers(sections.containers, secret.includes("containers"));
  return {
    underlayStack: String(underlayStack),
    peers: peers as string[],
    sections: { ...sections, containers },
    ...split,
    bootTimeout: Number(bootTimeout),
  };
}

function refuse(problems: readonly Problem[]): void {
  const secret = secretKeys(Object.keys(ownConfig()));
  const shown = problems.map((problem) => veiled(problem, secret));
  if (shown.length > 0) throw new TopologyError(shown);
}

function sectionsOf(raw: Raw, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, parsed(raw[name])]));
}

function bootTimeoutOf({ bootTimeout }: Raw): unknown {
  return bootTimeout === undefined ? DEFAULT_BOOT_TIMEOUT : numeric(bootTimeout);
}

function checkBootTimeout(got: unknown): Problem[] {
  return checkInteger("bootTimeout", got, { min: 30, max: 3600, unit: "seconds" });
}

type Raw = Readonly<Record<string, string | undefined>>;

/** Without the role they would be read by nobody. */
function overlayOnly(raw: Raw): Problem[] {
  return OVERLAY_KEYS.filter((path) => raw[path] !== undefined).map((path) => ({
    path,
    got: parsed(raw[path]),
    message: `Is a setting of overlay stacks, and this is ${raw.role === undefined ? "a lab" : `of role ${raw.role}`}.`,
    cure: `Take it out, or add role: ${Role.Overlay}.`,
  }));
}

/** `stack` or `organization/project/stack` (sdk/go/common/tokens/names.go). */
const STACK_NAME = /^([A-Za-z0-9_.-]{1,100}\/){0,2}[A-Za-z0-9_.-]{1,100}$/;

function checkStacks(own: string | undefined, peers: unknown): Problem[] {
  const cure =
    "Write the name of an underlay stack: stack, or organization/project/stack for another project's.";
  const fault = (path: string, got: unknown, message: string): Problem => ({ path, got, message, cure });
  const named = (got: unknown): boolean => typeof got === "string" && STACK_NAME.test(got);
  if (!Array.isArray(peers)) return [fault("peers", peers, "Is no list of stacks.")];
  const wrong = peers.flatMap((got: unknown, i) =>
    named(got) ? [] : [fault(`peers[${i}]`, got, "Is no stack.")],
  );
  const twice = peers.flatMap((got: unknown, i) =>
    got === own || peers.indexOf(got) < i
      ? [fault(`peers[${i}]`, got, got === own ? "Is the own underlay." : "Is there twice.")]
      : [],
  );
  const message = own === undefined ? "Is missing: an overlay stands on an underlay." : "Is no stack.";
  return [...(named(own) ? [] : [fault("underlayStack", own, message)]), ...wrong, ...twice];
}

/** The namespace's settings without its prefix. pulumi.Config cannot list what it does not know the name of. */
function ownConfig(): Raw {
  const own = sortedEntries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(NAMESPACE));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(NAMESPACE.length), value]));
}

/** Objects arrive as JSON; what is none is passed on as the text it is, to be shown in the problem. */
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
    .map((path) => {
      const cure = suggest(path, KEYS, "setting");
      return {
        path,
        got: parsed(raw[path]),
        message: `Is not a setting of ${NAMESPACE.slice(0, -1)}.`,
        cure,
      };
    });
}

/** Only when it is text: anything else is the plan's to refuse. */
function checkImageFile(got: unknown): Problem[] {
  if (typeof got !== "string" || got === "" || got.includes("\0")) return [];
  const message = imageFault(got);
  const cure = `Put a qcow2 image at ${resolve(got)}, or correct the path.`;
  return message === undefined ? [] : [{ path: "image.path", got, message, cure }];
}

/** The first bytes of every qcow2 file (QEMU, docs/interop/qcow2.rst). */
const QCOW2_MAGIC = Buffer.from("QFI\xfb", "latin1");

function imageFault(path: string): string | undefined {
  try {
    const file = openSync(path, "r");
    try {
      const head = Buffer.alloc(QCOW2_MAGIC.length);
      readSync(file, head, 0, head.length, 0);
      return head.equals(QCOW2_MAGIC) ? undefined : "Is not a qcow2 image.";
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "There is no such file." : `Cannot be read (${code}).`;
  }
}
