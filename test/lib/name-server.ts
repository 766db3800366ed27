/**
 * A name server of a test's own, in place of the one that this machine asks: on the loopback of the lab's namespace, where
 * libvirt's dnsmasq finds it. `ip netns exec`, by which the embedded libvirt starts, lays /etc/netns/NAME/resolv.conf over
 * /etc/resolv.conf (ip-netns(8)); so whom the machine asks is told to nobody in the lab.
 */
import { spawn, type ChildProcess } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Project } from "./project";
import { within } from "./wait";

const FILES = "/etc/netns";

export class NameServer {
  private child: ChildProcess | undefined;

  /** Before the lab's libvirt starts. */
  constructor(private readonly project: Project) {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, "resolv.conf"), "nameserver 127.0.0.1\n");
  }

  /** Once the lab's namespace is there. It knows these names, and that there are no others. */
  async start(names: Readonly<Record<string, string>>): Promise<void> {
    const records = Object.entries(names).map(([name, address]) => `--host-record=${name},${address}`);
    const alone = ["--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--address=/#/"];
    const here = ["--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file="];
    const told = ["--keep-in-foreground", "--log-queries", "--log-facility=-"];
    const program = ["dnsmasq", ...told, ...alone, ...here, ...records];
    const log = openSync(this.log, "w");
    // Both enter by exec: the child is dnsmasq itself.
    this.child = spawn("ip", ["netns", "exec", this.project.namespace, ...program], {
      env: { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    await within(10, "the name server listens", () => Promise.resolve(this.listens()));
  }

  /** The names that were asked for, in their order. */
  asked(): string[] {
    return [...this.said().matchAll(/query\[A\] (\S+) from 127\.0\.0\.1/g)].map(([, name = ""]) => name);
  }

  async close(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
    if (readdirSync(FILES).length === 0) rmdirSync(FILES);
  }

  private get folder(): string {
    return join(FILES, this.project.namespace);
  }

  private get log(): string {
    return join(this.project.temporary, "names.log");
  }

  private listens(): boolean {
    if (this.child?.exitCode !== null) throw new Error(`the name server ended:\n${this.said().slice(-2000)}`);
    return this.said().includes("started, version");
  }

  private said(): string {
    return readFileSync(this.log, "utf8");
  }
}
