/** What a machine must have, as data: `doctor` lists it, the set-up installs it. */
import { existsSync } from "node:fs";
import { compareVersions, run, searchPath, whereIs } from "../../system/process";
import type { Environment } from "../../system/paths";

/**
 * When a requirement counts: `embedded` only without a libvirt service, `build` only to build the CLI, and so on. `doctor`
 * lists what `bench` needs, and nothing installs it.
 */
export type When = "always" | "embedded" | "image" | "test" | "build" | "bench";

export interface Requirement {
  /** The program to look for; with `file`, a name for that file. */
  program: string;
  /** The file to look for instead, for a package without a program. */
  file?: string;
  /** Debian's package. Without one, nothing is installed and `cure` says what to do. */
  package?: string;
  /** The oldest version that works, and how to ask for and read the version. */
  floor?: string;
  version?: { args: string[]; pattern: RegExp };
  /** Arguments with which the program exits with 0 if it has all of its parts. @default not checked */
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
    neededFor: "building the guest image: the keys that sign Debian's packages",
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
    neededFor: "emulated machines with half the memory that reboot in seconds",
    when: "embedded",
  },
  { program: "ip", package: "iproute2", neededFor: "the lab's network namespace", when: "embedded" },
  { program: "nsenter", package: "util-linux", neededFor: "the lab's network namespace", when: "embedded" },
  {
    program: "iptables",
    package: "iptables",
    version: gnu,
    neededFor: "libvirt networks (libvirt starts none without it)",
    when: "embedded",
  },
  {
    program: "dnsmasq",
    package: "dnsmasq-base",
    version: { args: ["--version"], pattern: /version (\d+\.\d+)/ },
    // Without it, libvirtd 9.0 crashes when it starts beside a running network.
    neededFor: "restarting libvirtd, DNS on networks that are not isolated",
    when: "embedded",
  },
  // Captures run on the lab's hosts, which have their own tcpdump.
  {
    program: "tcpdump",
    package: "tcpdump",
    neededFor: "vxlab test: how tcpdump reads capture filters",
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
  { program: "zsh", package: "zsh", neededFor: "vxlab test: completion in zsh", when: "test" },
  { program: "fish", package: "fish", neededFor: "vxlab test: completion in fish", when: "test" },
  { program: "openssl", package: "openssl", neededFor: "vxlab test: a registry with TLS", when: "test" },
  { program: "perl", package: "perl-base", neededFor: "vxlab test: a registry with a login", when: "test" },
  {
    program: "python3",
    package: "python3-venv",
    // Debian's python3 alone has the module venv, which fails when it is used.
    probe: ["-c", "import venv, ensurepip"],
    neededFor: "vxlab test: the example in Python (with its module venv)",
    when: "test",
  },
  { program: "jq", package: "jq", neededFor: "the benches", when: "bench" },
  { program: "git", package: "git", neededFor: "the benches: copying the project's files", when: "bench" },
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
  /** True if it is installed and new enough. */
  ok: boolean;
  cure: string;
}

/** Looks on PATH (or for the file) only: fast enough for every start. */
export function locate(requirement: Requirement, environment: Environment): Finding {
  const { file, program } = requirement;
  const path =
    file === undefined ? whereIs(program, searchPath(environment))[0] : existsSync(file) ? file : undefined;
  return { requirement, path, ok: path !== undefined, cure: cureOf(requirement) };
}

/** As `locate`, and runs the program's probe. */
export async function locateWhole(requirement: Requirement, environment: Environment): Promise<Finding> {
  const found = locate(requirement, environment);
  const { probe } = requirement;
  if (found.path === undefined || probe === undefined) return found;
  const { code } = await run(found.path, probe, { env: environment, timeout: 20 });
  if (code === 0) return found;
  const cure = `${found.path} lacks a part: ${found.cure}, and remove any other one before it from PATH`;
  return { ...found, ok: false, cure };
}

/** As `locateWhole`, and asks for the version. */
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
    ? `${found.path} has version ${version}, and ${requirement.floor} or newer is needed: ${found.cure}${first(requirement)}`
    : found.cure;
  return { ...found, version, ok: !old, cure };
}

/** The packages that provide what is missing, sorted; and what no package provides. */
export function remedy(findings: readonly Finding[]): { packages: string[]; others: Finding[] } {
  const missing = findings.filter((finding) => !finding.ok);
  const packages = missing.flatMap((finding) => finding.requirement.package ?? []);
  return {
    packages: [...new Set(packages)].sort(),
    others: missing.filter((f) => f.requirement.package === undefined),
  };
}

/** A package installs to /usr/bin, and the old program may come before that on PATH. */
function first({ package: name }: Requirement): string {
  return name === undefined ? "" : ", and remove the older one from PATH";
}

function cureOf(requirement: Requirement): string {
  return requirement.cure ?? `apt-get install ${requirement.package}`;
}
