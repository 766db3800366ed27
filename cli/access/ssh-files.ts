/**
 * The ssh client's files for a lab's hosts, in a folder that is removed at the end. They use nothing of the user's own. The folder
 * holds no key, only the sockets at which ssh asks for one (agent.ts).
 */
import { EXISTING } from "../../components/host/spec";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostOutput } from "../../plan/contract";

/** A host as ssh needs it. */
export type SshHost = Pick<HostOutput, "name" | "address" | "hostKey"> & {
  /** @default 22 */
  port?: number;
  /** @default "root" */
  user?: string;
};

/** A host of a lab, as the stack output describes it. */
export function sshHost({ name, address, hostKey, existing }: HostOutput): SshHost {
  return {
    name,
    address: existing?.sshAddress ?? address,
    hostKey,
    ...(existing === undefined ? {} : { port: existing.port, user: existing.user }),
  };
}

/** Longest wait for a TCP connection and the server's greeting, seconds. */
const CONNECT_SECONDS = 10;

/** The pinned keys: each under its host's name (HostKeyAlias), so that a new address is still the same host. */
export function knownHosts(hosts: readonly SshHost[]): string {
  return hosts.map(({ name, hostKey }) => `${name} ${hostKey.split(" ").slice(0, 2).join(" ")}\n`).join("");
}

/** Given by -F, it takes the place of the user's and of the system's configuration (ssh(1)). */
export function sshConfig(dir: string, hosts: readonly SshHost[]): string {
  const each = hosts.flatMap(({ name, address, port = EXISTING.port.default, user }) => [
    `Host ${name}`,
    `  HostName ${address}`,
    `  HostKeyAlias ${name}`,
    `  Port ${port}`,
    ...(user === undefined ? [] : [`  User ${user}`]),
    `  IdentityAgent "${socketOf(dir, name)}"`,
  ]);
  const all = [
    "Host *",
    "  User root",
    "  IdentityFile none",
    "  IdentityAgent none",
    "  PreferredAuthentications publickey",
    `  UserKnownHostsFile "${join(dir, "known_hosts")}"`,
    "  GlobalKnownHostsFile /dev/null",
    "  StrictHostKeyChecking yes",
    "  HostKeyAlgorithms ssh-ed25519",
    "  UpdateHostKeys no",
    "  BatchMode yes",
    `  ConnectTimeout ${CONNECT_SECONDS}`,
    "  ServerAliveInterval 5",
    "  ServerAliveCountMax 3",
    "  LogLevel ERROR",
    "  ControlMaster no",
    `  ControlPath "${join(dir, "%n")}"`,
  ];
  return [...each, ...all, ""].join("\n");
}

/** Where ssh asks for a host's key. */
export function socketOf(dir: string, host: string): string {
  return join(dir, `${host}.agent`);
}

/** Writes pinned keys and configuration into a folder of mode 0700. Returns the folder. */
export function writeAccess(hosts: readonly SshHost[], places: readonly string[]): string {
  const dir = mkdtempSync(join(roomFor(places), "ssh-"));
  writeFileSync(join(dir, "known_hosts"), knownHosts(hosts), { mode: 0o600 });
  writeFileSync(join(dir, "config"), sshConfig(dir, hosts), { mode: 0o600 });
  return dir;
}

export function removeAccess(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}

/** The first writable folder. `/run` comes first, since it does not survive a power cut. */
function roomFor(places: readonly string[]): string {
  const writable = (place: string): boolean => {
    try {
      accessSync(place, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  };
  return places.find(writable) ?? tmpdir();
}
