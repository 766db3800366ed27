/** What a machine must have, as data: `doctor` lists it, set-up installs it. */
import { existsSync } from "node:fs";
import { compareVersions, run, searchPath, whereIs } from "../system/process";
import type { Environment } from "../system/paths";

/**
 * When a requirement counts: `embedded` only without a libvirt service, `build` only to build the CLI, and so on.
 * Nobody installs what only `bench` needs: `doctor` tells.
 */
export type When = "always" | "embedded" | "image" | "test" | "build" | "bench";

export interface Requirement {
  /** The program that is looked for; with `file`, what that is called. */
  program: string;
  /** A file that is looked for instead, of a package without a program. */
  file?: string;
  /** Debian's package. Without one nothing is installed, and the cure is the user's. */
  package?: string;
  /** The oldest version that works, and how a version is asked for and read. */
  floor?: string;
  version?: { args: string[]; pattern: RegExp };
  /** Arguments with which the program ends with 0 when all that is needed of it is there. @default none: not asked */
  probe?: string[];
  neededFor: string;
  when: When;
  /** @default "apt-get install <package>" */
  cure?: string;
}

const gnu = { args: ["--version"], pattern: /(\d+\.\d+(?:\.\d+)*)/ };

export const requirements: readonly Requirement[] = [
  {
    program: "node",
    floor: "20.0",
    version: gnu,
    neededFor: "everything",
    when: "always",
    cure: "install Node.js 20 or newer",
  },
  {
    program: "npm",
    version: gnu,
    neededFor: "set-up",
    when: "always",
    cure: "install npm (Debian: apt-get install npm)",
  },
  {
    program: "virsh",
    package: "libvirt-clients",
    version: gnu,
    neededFor: "looking for a libvirt service, clearing away",
    when: "always",
  },
  {
    program: "mkisofs",
    package: "genisoimage",
    version: { args: ["-version"], pattern: /(\d+\.\d+\.\d+)/ },
    neededFor: "seed disks (the libvirt provider calls it)",
    when: "always",
  },
  {
    program: "ssh",
    package: "openssh-client",
    version: { args: ["-V"], pattern: /OpenSSH_(\d+\.\d+)/ },
    neededFor: "vxlab verify, status, ssh, exec, capture",
    when: "always",
  },
  {
    program: "qemu-img",
    package: "qemu-utils",
    floor: "6.0",
    version: gnu,
    neededFor: "building the guest image",
    when: "image",
  },
  {
    program: "mmdebstrap",
    package: "mmdebstrap",
    version: gnu,
    neededFor: "building the guest image",
    when: "image",
  },
  { program: "mke2fs", package: "e2fsprogs", neededFor: "building the guest image", when: "image" },
  {
    program: "debian-archive-keyring",
    package: "debian-archive-keyring",
    file: "/usr/share/keyrings/debian-archive-keyring.gpg",
    neededFor: "building the guest image: what Debian's packages are signed with",
    when: "image",
  },
  {
    program: "libvirtd",
    package: "libvirt-daemon",
    floor: "8.0",
    version: gnu,
    neededFor: "the embedded libvirt",
    when: "embedded",
  },
  {
    program: "qemu-system-x86_64",
    package: "qemu-system-x86",
    floor: "6.0",
    version: gnu,
    neededFor: "virtual machines",
    when: "embedded",
  },
  {
    program: "xsltproc",
    package: "xsltproc",
    neededFor: "emulated machines that take half of the memory and reboot in seconds",
    when: "embedded",
  },
  { program: "ip", package: "iproute2", neededFor: "the lab's network namespace", when: "embedded" },
  { program: "nsenter", package: "util-linux", neededFor: "the lab's network namespace", when: "embedded" },
  {
    program: "iptables",
    package: "iptables",
    version: gnu,
    neededFor: "libvirt networks (it starts none without)",
    when: "embedded",
  },
  {
    program: "dnsmasq",
    package: "dnsmasq-base",
    version: { args: ["--version"], pattern: /version (\d+\.\d+)/ },
    // Without it libvirtd 9.0 crashes when it starts beside a live network.
    neededFor: "restarting libvirtd, names on networks that are not isolated",
    when: "embedded",
  },
  // Captures run on the lab's hosts, which have one of their own.
  {
    program: "tcpdump",
    package: "tcpdump",
    neededFor: "vxlab test: filters of captures, as it reads them",
    when: "test",
  },
  { program: "shellcheck", package: "shellcheck", neededFor: "vxlab test", when: "test" },
  {
    program: "busybox",
    package: "busybox",
    neededFor: "vxlab test: the guest tools in its shell",
    when: "test",
  },
  { program: "dash", package: "dash", neededFor: "vxlab test: the guest tools in its shell", when: "test" },
  { program: "flock", package: "util-linux", neededFor: "vxlab test: the lock of a host", when: "test" },
  { program: "openssl", package: "openssl", neededFor: "vxlab test: a registry with TLS", when: "test" },
  { program: "perl", package: "perl-base", neededFor: "vxlab test: a registry with a login", when: "test" },
  {
    program: "python3",
    package: "python3-venv",
    // Debian's python3 comes without; its module venv is there then, and fails when it is used.
    probe: ["-c", "import venv, ensurepip"],
    neededFor: "vxlab test: the example in Python (with its module venv)",
    when: "test",
  },
  { program: "jq", package: "jq", neededFor: "the benches", when: "bench" },
  { program: "git", package: "git", neededFor: "the benches: the files of a private copy", when: "bench" },
  {
    program: "go",
    floor: "1.25.11",
    version: { args: ["version"], pattern: /go(\d+\.\d+(?:\.\d+)*)/ },
    neededFor: "building what cannot be downloaded",
    when: "build",
    cure: "install Go 1.25.11 or newer on PATH or in /usr/local/go, or Pulumi itself",
  },
];

export interface Finding {
  requirement: Requirement;
  path?: string;
  version?: string;
  /** True when it is there and new enough. */
  ok: boolean;
  cure: string;
}

/** Looks on PATH (or for the file) only: quick enough for every start. */
export function locate(requirement: Requirement, environment: Environment): Finding {
  const { file, program } = requirement;
  const path =
    file === undefined ? whereIs(program, searchPath(environment))[0] : existsSync(file) ? file : undefined;
  return { requirement, path, ok: path !== undefined, cure: cureOf(requirement) };
}

/** As `locate`, and asks a program with a probe whether it is whole. */
export async function locateWhole(requirement: Requirement, environment: Environment): Promise<Finding> {
  const found = locate(requirement, environment);
  const { probe } = requirement;
  if (found.path === undefined || probe === undefined) return found;
  const { code } = await run(found.path, probe, { env: environment, timeout: 20 });
  if (code === 0) return found;
  const cure = `${found.path} lacks a part: ${found.cure}, and have no other before it on PATH`;
  return { ...found, ok: false, cure };
}

/** Asks for the version as well. */
export async function examine(requirement: Requirement, environment: Environment): Promise<Finding> {
  const found = await locateWhole(requirement, environment);
  if (!found.ok || found.path === undefined || requirement.version === undefined) return found;
  const { stdout, stderr } = await run(found.path, requirement.version.args, {
    env: environment,
    timeout: 20,
  });
  const version = requirement.version.pattern.exec(stdout + stderr)?.[1];
  const old =
    requirement.floor !== undefined &&
    version !== undefined &&
    compareVersions(version, requirement.floor) < 0;
  const cure = old
    ? `${found.path} is version ${version}, needed is ${requirement.floor} or newer: ${found.cure}${first(requirement)}`
    : found.cure;
  return { ...found, version, ok: !old, cure };
}

/** The packages that bring what is missing, sorted; and what no package brings. */
export function remedy(findings: readonly Finding[]): { packages: string[]; others: Finding[] } {
  const missing = findings.filter((finding) => !finding.ok);
  const packages = missing.flatMap((finding) => finding.requirement.package ?? []);
  return {
    packages: [...new Set(packages)].sort(),
    others: missing.filter((f) => f.requirement.package === undefined),
  };
}

/** A package's program is below /usr/bin, and the old one may come before it. */
function first({ package: name }: Requirement): string {
  return name === undefined ? "" : ", and have nothing older before it on PATH";
}

function cureOf(requirement: Requirement): string {
  return requirement.cure ?? `apt-get install ${requirement.package}`;
}
