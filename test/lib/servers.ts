/**
 * Two servers joined by a link: network namespaces, each with a libvirtd of its own, the second with an sshd. Nothing of
 * them reaches this machine's network. Pulumi runs on the first.
 */
import * as fs from "node:fs";
import { join } from "node:path";
import { pathsOf, type Paths } from "../../system/paths";
import { must } from "../../system/process";
import { checkout } from "./project";
import { sshd } from "./sshd";

const SCRIPT = join(checkout, "toolchain", "embedded.sh");
const PORT = 2222;

/** One of them: where its things are, for whoever looks whether they are gone. */
export class Server {
  readonly paths: Paths;

  constructor(
    readonly root: string,
    /** On the link. */
    readonly address: string,
    readonly address6: string,
  ) {
    fs.mkdirSync(root, { recursive: true });
    this.paths = pathsOf(root, process.env);
  }

  get namespace(): string {
    return `vxlab-${this.paths.id}`;
  }

  get socket(): string {
    return `/run/vxlab/${this.paths.id}/libvirt-sock`;
  }

  /** embedded.sh does all that is the same for a lab's own libvirtd. */
  async libvirtd(verb: "start" | "purge"): Promise<void> {
    await must(SCRIPT, [verb], { env: { ...process.env, VXLAB_ROOT: this.root }, timeout: 120 });
  }

  ip(...words: string[]): Promise<string> {
    return must("ip", ["-n", this.namespace, ...words], { timeout: 20 });
  }

  /** Names of all that its libvirtd has. */
  async things(): Promise<string[]> {
    const ask = async (verb: string) => {
      const uri = `qemu+unix:///system?socket=${this.socket}`;
      const said = await must("virsh", ["-q", "-c", uri, verb, "--all", "--name"], { timeout: 30 });
      return said.split("\n").flatMap((line) => line.trim() || []);
    };
    return [...(await ask("list")), ...(await ask("net-list")), ...(await ask("pool-list"))];
  }

  /** Files of machines: disks, seeds, images. */
  files(): string[] {
    const images = join(this.paths.dot, "libvirt", "lib", "images");
    return fs.existsSync(images) ? fs.readdirSync(images, { recursive: true }).map(String) : [];
  }
}

export class Servers {
  readonly near: Server;
  readonly far: Server;
  readonly keys: string;

  /** What a broken run left behind is ended first, by the same paths. */
  static async create(name: string): Promise<Servers> {
    const servers = new Servers(join(checkout, ".vxlab", "test", name));
    await servers.close();
    fs.mkdirSync(servers.keys, { mode: 0o700 });
    for (const { root } of [servers.near, servers.far]) fs.mkdirSync(root);
    for (const server of [servers.near, servers.far]) await server.libvirtd("start");
    await servers.join();
    await servers.makeKeys();
    await servers.startSshd();
    return servers;
  }

  private constructor(folder: string) {
    // From the networks that RFC 2544 keeps for tests: no lab uses them.
    this.near = new Server(`${folder}-near`, "198.18.0.1", "fd00:ffff::1");
    this.far = new Server(`${folder}-far`, "198.18.0.2", "fd00:ffff::2");
    this.keys = `${folder}-keys`;
  }

  /** Words before a command that runs it on the first. */
  get enter(): string[] {
    return ["ip", "netns", "exec", this.near.namespace];
  }

  get nearUri(): string {
    return `qemu:///system?socket=${this.near.socket}`;
  }

  /** The second by SSH, with nothing of the user's own. */
  farUri(known = "known"): string {
    const login = `keyfile=${join(this.keys, "login")}&sshauth=privkey`;
    return `qemu+ssh://root@${this.far.address}:${PORT}/system?${login}&knownhosts=${join(this.keys, known)}`;
  }

  /** Each routes what belongs to the other over the link. */
  async route(nearCidr: string, farCidr: string): Promise<void> {
    const via = ({ address, address6 }: Server) => (farCidr.includes(":") ? address6 : address);
    await this.near.ip("route", "add", farCidr, "via", via(this.far));
    await this.far.ip("route", "add", nearCidr, "via", via(this.near));
  }

  signalSshd(signal: NodeJS.Signals): void {
    process.kill(Number(fs.readFileSync(join(this.keys, "sshd.pid"), "utf8")), signal);
  }

  async startSshd(): Promise<void> {
    const { program, env } = await sshd(this.near.paths.cache);
    const pid = fs.readFileSync(`/run/vxlab/${this.far.paths.id}/libvirtd.pid`, "utf8").trim();
    const script = join(__dirname, "sshd.sh");
    const words = [script, this.keys, this.far.address, String(PORT), program];
    const options = { env: { ...process.env, ...env }, timeout: 30 };
    await must("nsenter", ["-t", pid, "-m", "-n", "--", ...words], options);
  }

  async close(): Promise<void> {
    for (const server of [this.near, this.far]) {
      if (!fs.existsSync(server.root)) continue;
      await server.libvirtd("purge");
      fs.rmSync(server.root, { recursive: true, force: true });
    }
    fs.rmSync(this.keys, { recursive: true, force: true });
  }

  private async join(): Promise<void> {
    const { near, far } = this;
    await near.ip("link", "add", "far", "type", "veth", "peer", "name", "near", "netns", far.namespace);
    for (const [server, device] of [
      [near, "far"],
      [far, "near"],
    ] as const) {
      await server.ip("address", "add", `${server.address}/30`, "dev", device);
      await server.ip("address", "add", `${server.address6}/64`, "dev", device, "nodad");
      await server.ip("link", "set", device, "up");
    }
  }

  private async makeKeys(): Promise<void> {
    for (const name of ["host", "login", "other"])
      await must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(this.keys, name)]);
    const line = (name: string) => fs.readFileSync(join(this.keys, `${name}.pub`), "utf8");
    fs.writeFileSync(join(this.keys, "authorized"), line("login"));
    for (const [file, key] of [
      ["known", "host"],
      ["stale", "other"],
    ] as const)
      fs.writeFileSync(join(this.keys, file), `[${this.far.address}]:${PORT} ${line(key)}`);
  }
}
