import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { badUsage, jsonOption, readArgs, stackName, stackOption } from "../args";
import { entering } from "../access/enter";
import { loadLab, type LoadedLab } from "../access/lab";
import { knownHosts } from "../access/ssh-files";
import type { Command, Context } from "../command";
import { libvirtMode } from "../engine/ready";
import { Exit, Fault } from "../exit";
import {
  ansibleInventory,
  CONFIG,
  inventoryOf,
  KNOWN_HOSTS,
  keyFile,
  renderInventory,
} from "../output/inventory";
import { sshConfigFor, type InventoryHost } from "../output/inventory";

const options = {
  ...stackOption,
  "ssh-config": { type: "boolean", doc: "print a configuration for ssh -F; needs --keys" },
  ansible: { type: "boolean", doc: "print an inventory for Ansible, a group for each segment; needs --keys" },
  keys: {
    type: "string",
    value: "DIR",
    doc: "write login keys, known_hosts and ssh_config to DIR (mode 0700)",
  },
  ...jsonOption,
} as const;

export const inventory: Command = {
  name: "inventory",
  summary: "list the hosts for other programs: ssh, Ansible, JSON",
  operands: "",
  options,
  more: "The login keys are secrets: delete DIR when you no longer need it. Without an option: a table.",
  examples: [
    ["inventory --ssh-config --keys ./keys; ssh -F ./keys/ssh_config kvm1", "plain ssh, scp, rsync"],
    ["inventory --ansible --keys ./keys > lab.yml", "then: ansible -i lab.yml all -m raw -a uptime"],
    ["inventory --json", "for programs"],
  ],
  async run(context, args) {
    const { values } = readArgs(inventory, args, options);
    const { keys: given, ansible = false, json = false, "ssh-config": config = false } = values;
    if ([ansible, json, config].filter(Boolean).length > 1)
      throw badUsage(inventory, "--ssh-config, --ansible and --json exclude each other");
    if (given === undefined && (ansible || config))
      throw badUsage(inventory, "name a folder for the login keys: --keys DIR");
    const stack = stackName(values.stack, context.environment);
    const loaded = await loadLab(context, stack);
    const hosts = inventoryOf(loaded.lab);
    const folder = resolve(given ?? "");
    const text = given === undefined ? "" : await write(context, stack, loaded, hosts, folder);
    if (config) context.out.print(text.trimEnd());
    else if (ansible) context.out.json(ansibleInventory(hosts, folder));
    else if (json) context.out.json(hosts);
    else context.out.print(renderInventory(hosts));
    return Exit.ok;
  },
};

/** Writes what ssh needs. Returns its configuration. */
async function write(
  context: Context,
  stack: string,
  { lab, keys, hypervisors }: LoadedLab,
  hosts: readonly InventoryHost[],
  folder: string,
): Promise<string> {
  const files = [CONFIG, KNOWN_HOSTS, ...hosts.map(({ name }) => keyFile(name))];
  const foreign = existsSync(folder) ? readdirSync(folder).filter((file) => !files.includes(file)) : [];
  if (foreign.length > 0)
    throw new Fault(Exit.usage, `${folder} has other files (${foreign[0]}): name a new folder with --keys`);
  const [all, mode] = await Promise.all([keys(), libvirtMode(context, stack)]);
  const enter = entering(context, mode, await hypervisors());
  const config = sshConfigFor(hosts, { folder, enter, node: process.execPath });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const put = (file: string, text: string) => writeFileSync(join(folder, file), text, { mode: 0o600 });
  for (const [host, key] of all) put(keyFile(host), key);
  put(KNOWN_HOSTS, knownHosts(lab.hosts));
  put(CONFIG, config);
  return config;
}
