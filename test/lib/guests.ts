/** A look into the machines that does not go through the CLI, which is among what is tested. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabOutput } from "../../plan/contract";
import type { Result } from "../../system/process";
import { good, type Project } from "./project";
import { labOf, secretsOf } from "./state";

/** What must not change when something else does. */
export interface Facts {
  /** Open vSwitch's port numbers by interface. */
  ofports: Record<string, number>;
  /** First process of each container. */
  pids: Record<string, number>;
  /** MAC of the bridge and of each container's eth0. */
  macs: Record<string, string>;
}

/** A process of an LXC container, in a shell's words. Its cgroup knows, and costs no program; lxc-info takes 0.14 s under emulation. */
export const processOf = (container: string): string =>
  `$({ read -r p </sys/fs/cgroup/lxc.payload.${container}/cgroup.procs && echo $p; } 2>/dev/null || ` +
  `lxc-info -P /var/lib/vxlab/containers -n ${container} -pH)`;

/** A line of `guest observe all`. */
type Observation = Record<"desired" | "found", { v: number; state: unknown }>;

export class Guests {
  private readonly folder: string;

  static async of(project: Project): Promise<Guests> {
    const lab = await labOf(project);
    const { loginKey } = await secretsOf(project, []);
    return new Guests(project, lab, loginKey);
  }

  private constructor(
    private readonly project: Project,
    readonly lab: LabOutput,
    loginKey: string,
  ) {
    // Not in the temporary folder, which is looked through for keys.
    this.folder = join(project.paths.dot, "test-ssh");
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, "key"), loginKey);
    chmodSync(join(this.folder, "key"), 0o600);
    const known = lab.hosts.map(({ address, hostKey }) => `${address} ${hostKey}`);
    writeFileSync(join(this.folder, "known"), known.join("\n") + "\n");
    writeFileSync(join(this.folder, "config"), this.config());
  }

  /** One connection for each host, shared by all looks: a login costs half a second under emulation. */
  private config(): string {
    return [
      ...this.lab.hosts.flatMap(({ name, address }) => [`Host ${name}`, `  HostName ${address}`]),
      "Host *",
      "  User root",
      `  IdentityFile ${this.folder}/key`,
      "  IdentitiesOnly yes",
      `  UserKnownHostsFile ${this.folder}/known`,
      "  StrictHostKeyChecking yes",
      "  BatchMode yes",
      "  ConnectTimeout 10",
      "  ServerAliveInterval 5",
      "  ServerAliveCountMax 2",
      "  ControlMaster auto",
      // Short: a unix socket's path is at most 107 bytes (unix(7)).
      `  ControlPath /run/vxlab/${this.project.paths.id}/%n`,
      "  ControlPersist 120",
      "",
    ].join("\n");
  }

  /** A shell script on a host, whatever its end. */
  ask(host: string, script: string, timeout = 60, input?: string): Promise<Result> {
    const ssh = ["ssh", "-F", join(this.folder, "config"), host, script];
    return this.project.run("ip", ["netns", "exec", this.project.namespace, ...ssh], { timeout, input });
  }

  /** What a script prints that has to end well. */
  async tell(host: string, script: string, timeout = 60, input?: string): Promise<string> {
    return good(await this.ask(host, script, timeout, input)).trim();
  }

  /** A container asks for every neighbour anew. */
  forgetNeighbours(name: string): Promise<string> {
    return this.tell(this.hostOf(name), this.inside(name, "ip neigh flush all"));
  }

  /** In a container's network, with the host's tools: the host's `ping` knows -M. */
  inside(container: string, command: string): string {
    return `nsenter -n -t ${processOf(container)} ${command}`;
  }

  hostOf(container: string): string {
    const found = this.lab.containers.find(({ name }) => name === container);
    if (found === undefined) throw new Error(`no container ${container} in the lab`);
    return found.host;
  }

  ping(from: string, options: string): Promise<Result> {
    return this.ask(this.hostOf(from), this.inside(from, `ping -n ${options}`));
  }

  async facts(host: string): Promise<Facts> {
    const boxes = this.lab.containers.filter((box) => box.host === host).map(({ name }) => name);
    const box = (name: string) =>
      `pid=$(lxc-info -P /var/lib/vxlab/containers -n ${name} -pH); ` +
      `echo ${name} $pid $(nsenter -n -t $pid ip -o link show dev eth0 | sed "s/.*ether //; s/ .*//")`;
    const table = "ovs-vsctl --format=json --columns=name,ofport,mac_in_use list interface";
    const [json = "", ...lines] = (await this.tell(host, [table, ...boxes.map(box)].join("\n"))).split("\n");
    const rows = (JSON.parse(json) as { data: [string, number, string][] }).data;
    const seen = lines.map((line) => line.split(" "));
    const bridges = rows.filter(([name]) => !/^(vx\d|v-)/.test(name)).map(([name, , mac]) => [name, mac]);
    return {
      ofports: Object.fromEntries(rows.map(([name, ofport]) => [name, ofport])),
      pids: Object.fromEntries(seen.map(([name, pid]) => [name, Number(pid)])),
      macs: Object.fromEntries([...bridges, ...seen.map(([name, , mac]) => [name, mac])]) as Record<
        string,
        string
      >,
    };
  }

  /** What the host keeps, and what there is of it. */
  async observed(host: string): Promise<Observation[]> {
    const said = await this.tell(host, "/usr/lib/vxlab/guest observe all", 120);
    return said.split("\n").map((line) => JSON.parse(line) as Observation);
  }

  /** Ends a host's shared connection: the other side is gone, or will be. */
  async hangUp(host: string): Promise<void> {
    const exit = ["-F", join(this.folder, "config"), "-O", "exit", host];
    await this.project.run("ssh", exit, { timeout: 10 });
  }

  async close(): Promise<void> {
    for (const { name } of this.lab.hosts) await this.hangUp(name);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
