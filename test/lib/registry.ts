/**
 * A registry of images in a lab's network, as a company has one: Debian's (distribution 2.8), TLS by an authority of its
 * own, and a login. It listens on the underlay's address of the hypervisor, which is in the lab's namespace only.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./project";
import { unpacked } from "./unpacked";
import { within } from "./wait";

const INSTALLED = "/usr/bin/docker-registry";
const PORT = 5000;
/** A name for the login. */
const USER = "vxlab";

export class Registry {
  private readonly child: ChildProcess;

  /**
   * @param name by which the hosts know it
   * @param address of the lab's namespace
   */
  static async start(project: Project, name: string, address: string): Promise<Registry> {
    const program = existsSync(INSTALLED)
      ? INSTALLED
      : join(
          await unpacked(join(project.paths.cache, "test-registry"), INSTALLED, ["docker-registry"]),
          INSTALLED,
        );
    const folder = join(project.temporary, "registry");
    mkdirSync(folder, { mode: 0o700 });
    const registry = new Registry(project, program, folder, name, address);
    try {
      await within(30, "the registry listens", () => Promise.resolve(registry.listens()));
    } catch (error) {
      await registry.close();
      throw error;
    }
    return registry;
  }

  private constructor(
    project: Project,
    program: string,
    private readonly folder: string,
    private readonly name: string,
    private readonly address: string,
    private readonly password = randomBytes(18).toString("base64url"),
  ) {
    this.certify();
    writeFileSync(join(folder, "users"), `${USER}:${bcrypt(this.password)}\n`);
    const config = join(folder, "config.yml");
    writeFileSync(config, JSON.stringify(this.config()));
    const log = openSync(join(folder, "log"), "w");
    // Both enter by exec: the child is the registry itself.
    const words = ["netns", "exec", project.namespace, program, "serve", config];
    const env = { PATH: process.env["PATH"] };
    this.child = spawn("ip", words, { cwd: folder, env, stdio: ["ignore", log, log] });
    closeSync(log);
  }

  /** What stands before the name of an image. */
  get host(): string {
    return `${this.name}:${PORT}`;
  }

  /** The certificate that a client has to know. */
  get authority(): string {
    return readFileSync(join(this.folder, "certificate.pem"), "utf8");
  }

  /** A script for a host, which reads the password from its stdin. */
  get login(): { script: string; input: string } {
    const script = `docker login -u ${USER} --password-stdin ${this.host}`;
    return { script, input: this.password };
  }

  /** Requests that were answered, such as "GET /v2/vxlab/said/manifests/1 200", in their order. */
  requests(): string[] {
    const lines = this.said().matchAll(/"(\w+) (\S+) HTTP\/[\d.]+" (\d+)/g);
    return [...lines].map(([, verb, path, code]) => `${verb} ${path} ${code}`);
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      const late = setTimeout(() => this.child.kill("SIGKILL"), 5000);
      this.child.kill();
      await ended;
      clearTimeout(late);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private listens(): boolean {
    const said = this.said();
    if (this.child.exitCode !== null) throw new Error(`the registry ended:\n${said.slice(-2000)}`);
    return said.includes(`listening on ${this.address}:${PORT}, tls`);
  }

  private said(): string {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  private certify(): void {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem"];
    const name = ["-subj", "/CN=vxlab test registry", "-addext", `subjectAltName=DNS:${this.name}`];
    const words = ["req", "-x509", "-days", "2", ...key, ...name, "-out", "certificate.pem"];
    execFileSync("openssl", words, { cwd: this.folder, stdio: "ignore", timeout: 60_000 });
  }

  private config(): object {
    const tls = {
      certificate: join(this.folder, "certificate.pem"),
      key: join(this.folder, "key.pem"),
    };
    return {
      version: 0.1,
      log: { level: "info" },
      storage: { filesystem: { rootdirectory: join(this.folder, "images") } },
      http: { addr: `${this.address}:${PORT}`, tls },
      auth: { htpasswd: { realm: "vxlab", path: join(this.folder, "users") } },
    };
  }
}

/** The only form that the registry takes; node has none, and Debian's perl has the system's. */
function bcrypt(password: string): string {
  const salt = randomBytes(11).toString("hex");
  const words = ["-e", 'print crypt(<STDIN>, "\\$2y\\$05\\$$ARGV[0]")', salt];
  return execFileSync("perl", words, { input: password, encoding: "utf8", timeout: 20_000 });
}
