/** A lab's hosts for other programs. Pure. */
import { EXISTING } from "../../components/host/spec";
import type { LabOutput } from "../../plan/contract";
import { shellWord, shellWords } from "../../guest/quote";
import { sshHost } from "../access/ssh-files";
import { table } from "./output";

/** What `inventory --json` prints of a host. */
export interface InventoryHost {
  name: string;
  /** Where SSH answers. */
  address: string;
  port: number;
  user: string;
  /** Public key, type and base64. */
  hostKey: string;
  /** On its bridge, by name. */
  segments: string[];
  containers: string[];
}

export function inventoryOf(lab: LabOutput): InventoryHost[] {
  return lab.hosts.map((host) => {
    const { name, address, port = EXISTING.port.default, user = EXISTING.user.default } = sshHost(host);
    return {
      ...{ name, address, port, user },
      hostKey: host.hostKey.split(" ").slice(0, 2).join(" "),
      segments: host.ports.map(({ segment }) => segment),
      containers: lab.containers.filter((one) => one.host === name).map((one) => one.name),
    };
  });
}

export function renderInventory(hosts: readonly InventoryHost[]): string {
  const rows = hosts.map(({ name, address, port, user, segments, containers }) => [
    ...[name, address, String(port), user, segments.join(" "), containers.join(" ")],
  ]);
  return table([["HOST", "ADDRESS", "PORT", "USER", "SEGMENTS", "CONTAINERS"], ...rows]);
}

/** Files of the folder that `--keys` names. */
export const CONFIG = "ssh_config";
export const KNOWN_HOSTS = "known_hosts";
export const keyFile = (host: string): string => `${host}.key`;

/** Joins stdin and stdout to HOST PORT. No `%`, which has a meaning in ssh_config(5). */
const CONNECT =
  'const s=require("net").connect(+process.argv[2],process.argv[1]);process.stdin.pipe(s).pipe(process.stdout)';

/**
 * The configuration for `ssh -F`.
 *
 * @param folder absolute path of keys and known hosts
 * @param enter words that enter the lab's network; empty where its hosts can be reached from here
 * @param node absolute path of Node.js
 */
export function sshConfigFor(
  hosts: readonly InventoryHost[],
  { folder, enter, node }: { folder: string; enter: readonly string[]; node: string },
): string {
  const proxy =
    enter.length === 0
      ? []
      : [`  ProxyCommand ${shellWords([...enter, node, "-e", CONNECT]).replaceAll("%", "%%")} %h %p`];
  const each = hosts.flatMap(({ name, address, port, user }) => [
    `Host ${name}`,
    `  HostName ${address}`,
    `  HostKeyAlias ${name}`,
    `  Port ${port}`,
    `  User ${user}`,
    `  IdentityFile "${folder.replaceAll("%", "%%")}/${keyFile(name)}"`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile "${folder.replaceAll("%", "%%")}/${KNOWN_HOSTS}"`,
    "  StrictHostKeyChecking yes",
    ...proxy,
  ]);
  return ["# made by vxlab inventory", ...each, ""].join("\n");
}

/**
 * An inventory in the form of Ansible's plugin `yaml`, which reads JSON as well: every host, and a group for each segment.
 *
 * @param folder absolute path of the folder with the configuration for ssh
 */
export function ansibleInventory(hosts: readonly InventoryHost[], folder: string): unknown {
  const args = `-F ${shellWord(`${folder}/${CONFIG}`)}`;
  const one = ({ name, containers }: InventoryHost) => [
    name,
    { ansible_ssh_common_args: args, vxlab_containers: containers },
  ];
  const segments = [...new Set(hosts.flatMap((host) => host.segments))].sort();
  const group = (segment: string) => {
    const members = hosts.filter((host) => host.segments.includes(segment));
    return [
      `segment_${segment.replaceAll("-", "_")}`,
      { hosts: Object.fromEntries(members.map(({ name }) => [name, {}])) },
    ];
  };
  return {
    all: {
      hosts: Object.fromEntries(hosts.map(one)) as unknown,
      children: Object.fromEntries(segments.map(group)) as unknown,
    },
  };
}
