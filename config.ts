/** The only reader of Pulumi config: `vxlab:*` in, typed settings out, everything wrong said at once. */
import { closeSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { checkFiles } from "./config-files";
import { TopologyError } from "./plan/errors";
import { checkChoice, checkInteger, sortedEntries, suggest, uriFault } from "./plan/rules";
import { readTopology, SECTIONS } from "./plan/schema";
import { Accel } from "./plan/types";
import type { Problem, Topology } from "./plan/types";

/** What `vxlab:*` says: the lab, and how it is to be run. */
export interface LabSettings {
  topology: Topology;
  /** `vxlab:libvirtUri`. @default none: the caller's VXLAB_LIBVIRT_URI, or what is found on the machine */
  libvirtUri?: string;
  /** `vxlab:accel`. @default none: as "auto", KVM when it truly works */
  accel?: "auto" | Accel;
  /** `vxlab:bootTimeout`: how long a machine may take from power-on to its first SSH login, seconds, 30-3600. @default 600 */
  bootTimeout: number;
}

const NAMESPACE = "vxlab:";
const KEYS: readonly string[] = [...SECTIONS, "libvirtUri", "accel", "bootTimeout"];
const DEFAULT_BOOT_TIMEOUT = 600;
const ACCELS: readonly string[] = ["auto", ...Object.values(Accel)];

/**
 * The settings of the running stack.
 *
 * @throws TopologyError with everything that is wrong: unknown keys, shapes, values, missing files
 */
export function readConfig(): LabSettings {
  const raw = ownConfig();
  const { topology, problems } = readTopology(
    Object.fromEntries(SECTIONS.map((key) => [key, parsed(raw[key])])),
  );
  const bootTimeout = raw.bootTimeout === undefined ? DEFAULT_BOOT_TIMEOUT : numeric(raw.bootTimeout);
  const all = [
    ...unknownKeys(raw),
    ...problems,
    ...checkImageFile(topology.image.path),
    ...checkFiles(topology),
    ...checkUri(raw.libvirtUri),
    ...checkChoice("accel", raw.accel, ACCELS),
    ...checkInteger("bootTimeout", bootTimeout, { min: 30, max: 3600, unit: "seconds" }),
  ];
  if (all.length > 0) throw new TopologyError(all);
  return {
    topology,
    ...(raw.libvirtUri === undefined ? {} : { libvirtUri: raw.libvirtUri }),
    ...(raw.accel === undefined ? {} : { accel: raw.accel as "auto" | Accel }),
    bootTimeout: Number(bootTimeout),
  };
}

/** The namespace's settings without its prefix. pulumi.Config cannot list what it does not know the name of. */
function ownConfig(): Record<string, string | undefined> {
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

function unknownKeys(raw: Readonly<Record<string, string | undefined>>): Problem[] {
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

function checkUri(got: string | undefined): Problem[] {
  const message = got === undefined ? undefined : uriFault(got);
  if (message === undefined) return [];
  const cure = "Write one such as qemu:///system or qemu+ssh://root@hypervisor/system, or leave it out.";
  return [{ path: "libvirtUri", got, message, cure }];
}
