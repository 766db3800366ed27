/** Volumes and capabilities of a Docker container. */
import type { Findings } from "../../../../plan/findings";
import { repeated, sortedEntries, suggest } from "../../../../plan/rules";
import type { At } from "../../../../plan/values";
import type { KindSettings } from "../spec";

/** The capabilities of Linux 6.1 (capabilities(7)), without those that would give control of the whole machine. */
const CAPABILITIES = [
  ...["AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN"],
  ...["DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE"],
  ...["MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON", "SETFCAP", "SETGID"],
  ...["SETPCAP", "SETUID", "SYS_ADMIN", "SYS_CHROOT", "SYS_NICE", "SYS_PTRACE", "SYS_RESOURCE"],
  ...["SYS_TTY_CONFIG", "WAKE_ALARM"],
];
/** With one of these a container could control the machine: load modules, read its memory, restart it or set its clock. */
const REFUSED = [
  "ALL",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_BOOT",
  "SYS_TIME",
  "SYSLOG",
  "SYS_PACCT",
  "DAC_READ_SEARCH",
].concat("MAC_ADMIN", "MAC_OVERRIDE");

type Privileges = Pick<KindSettings, "volumes" | "capAdd">;

/** Undefined after a problem was reported. */
export function resolvePrivileges(spec: Privileges, at: At, said: Findings): Privileges | undefined {
  const before = said.problems.length;
  const volumes = resolveVolumes(spec.volumes, at, said);
  const capAdd = resolveCapabilities(spec.capAdd, at, said);
  if (said.problems.length > before) return undefined;
  return {
    ...(Object.keys(volumes).length === 0 ? {} : { volumes }),
    ...(capAdd.length === 0 ? {} : { capAdd }),
  };
}

function resolveVolumes(got: unknown, at: At, said: Findings): Record<string, string> {
  if (got === undefined) return {};
  const cure = "Write { /var/lib/data: data }: a path in the container, and a name.";
  if (typeof got !== "object" || got === null || Array.isArray(got)) {
    said.say(at("volumes"), got, "Is not a mapping of paths to names.", cure);
    return {};
  }
  const all = sortedEntries(got as Record<string, unknown>);
  for (const [path, name] of all) {
    const isPath = /^\/[A-Za-z0-9_.:/@-]+$/.test(path) && !/\/$|\/\/|\/\.{1,2}(\/|$)/.test(path);
    if (!isPath || /^\/(proc|sys|dev|\.vxlab)(\/|$)/.test(path))
      said.say(at("volumes", path), path, "Is not the path of a folder in the container.", cure);
    if (typeof name !== "string" || !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(name))
      said.say(
        at("volumes", path),
        name,
        "Is not the name of a volume: up to 32 letters, digits and _.-",
        cure,
      );
  }
  const claims = all.map(([path, name]) => ({ path: at("volumes", path), got: name, key: String(name) }));
  said.add(repeated(claims, "This volume", "Give each path a volume of its own."));
  return Object.fromEntries(all.map(([path, name]) => [path, String(name)]));
}

function resolveCapabilities(got: unknown, at: At, said: Findings): string[] {
  if (got === undefined) return [];
  if (!Array.isArray(got)) {
    said.say(at("capAdd"), got, "Is not a list of capabilities.", "Write a list, for example [NET_ADMIN].");
    return [];
  }
  const names = got.map((one: unknown, index) => {
    const path = at("capAdd", index);
    const name = String(one).replace(/^CAP_/, "");
    if (REFUSED.includes(name))
      said.say(path, one, "Would give the container control of its machine.", "Leave it out.");
    else if (!CAPABILITIES.includes(name))
      said.say(
        path,
        one,
        "Is not a capability (capabilities(7)).",
        suggest(name, CAPABILITIES, "capability"),
      );
    return { path, got: one, key: name };
  });
  said.add(repeated(names, "This capability", "Name each once."));
  return names.map(({ key }) => key);
}
