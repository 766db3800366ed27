/**
 * A private copy of this project for tests: its path gives it its own id, namespace, libvirt and state, so that the
 * lab of whoever works in this checkout is never touched. Tools and images come from the shared cache.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { basename, join } from "node:path";
import { pathsOf, type Environment, type Paths } from "../../system/paths";
import { run, type Result } from "../../system/process";

export const checkout = join(__dirname, "../..");

/** At the top: what a lab has no need of, and the user's own stack settings. */
const LEFT_OUT = /^(\.git|\.vxlab|node_modules|test|bench|docs|Pulumi\..+\.yaml)$/;

export interface Call {
  /** Bound in seconds. @default 300 */
  timeout?: number;
  env?: Environment;
  /** On its stdin: not in the notes. */
  input?: string;
}

export class Project {
  readonly paths: Paths;
  /** Temporary files of everything that runs for the copy: what is forgotten there can be found. */
  readonly temporary: string;
  private readonly environment: Environment;

  /**
   * An empty lab: a copy that a broken run left behind is ended first, by the same path and so the same id.
   *
   * @param enter words before each command of it, which bring it into another network
   */
  static async create(name: string, enter: readonly string[] = []): Promise<Project> {
    const folder = join(checkout, ".vxlab", "test", name);
    if (fs.existsSync(folder)) await new Project(folder, []).destroy();
    fs.rmSync(`${folder}.log`, { force: true });
    fs.mkdirSync(folder, { recursive: true });
    for (const entry of fs.readdirSync(checkout).filter((one) => !LEFT_OUT.test(one)))
      fs.cpSync(join(checkout, entry), join(folder, entry), { recursive: true, preserveTimestamps: true });
    fs.symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));
    const project = new Project(folder, enter);
    fs.mkdirSync(project.temporary, { recursive: true });
    // Says that node_modules is made from this lock file: an `npm ci` here would empty the checkout's.
    const lock = createHash("sha256").update(fs.readFileSync(join(checkout, "package-lock.json")));
    fs.writeFileSync(join(project.paths.dot, "npm.sum"), `${lock.digest("hex")}  -\n`);
    return project;
  }

  private constructor(
    folder: string,
    private readonly enter: readonly string[],
  ) {
    // A user's own choices of stack, state and libvirt are no matter of the tests.
    const foreign = /^(PULUMI_|VXLAB_(?!CACHE$))/;
    const kept = Object.entries(process.env).filter(([key]) => !foreign.test(key));
    this.temporary = join(folder, ".vxlab", "tmp");
    // The embedded libvirt in any case: the system's would be shared with the user.
    const own = { VXLAB_SYSTEM_SOCKET: "/nonexistent", VXLAB_NO_VENDOR: "1", TMPDIR: this.temporary };
    this.environment = { ...Object.fromEntries(kept), ...own };
    this.paths = pathsOf(folder, this.environment);
  }

  get root(): string {
    return this.paths.root;
  }

  /** Name of the lab's network namespace. */
  get namespace(): string {
    return `vxlab-${this.paths.id}`;
  }

  /** `./vxlab …` */
  vxlab(args: readonly string[], call: Call = {}): Promise<Result> {
    return this.run(join(this.root, "vxlab"), args, call);
  }

  /** The plain `pulumi`, as `./vxlab env` puts it on PATH. */
  pulumi(args: readonly string[], call: Call = {}): Promise<Result> {
    const program = join(this.paths.dot, "bin", "pulumi");
    return this.run(program, [...args, "--non-interactive", "--color", "never"], call);
  }

  virsh(words: readonly string[], call: Call = {}): Promise<Result> {
    const uri = `qemu+unix:///system?socket=/run/vxlab/${this.paths.id}/libvirt-sock`;
    return this.run("virsh", ["-q", "-c", uri, ...words], { timeout: 60, ...call });
  }

  async run(program: string, args: readonly string[], call: Call = {}): Promise<Result> {
    const { timeout = 300, env = {}, input } = call;
    const started = Date.now();
    const options = { cwd: this.root, env: { ...this.environment, ...env }, timeout, input };
    const [command = program, ...words] = [...this.enter, program, ...args];
    const result = await run(command, words, options);
    this.note([basename(program), ...args].join(" "), result, (Date.now() - started) / 1000);
    return result;
  }

  /** For what is to be killed on the way: a process group of its own. */
  start(program: string, args: readonly string[]): ChildProcess {
    const env = { ...this.environment };
    return spawn(join(this.root, program), [...args], {
      cwd: this.root,
      env,
      stdio: "ignore",
      detached: true,
    });
  }

  /** What ran, in order: stays beside the copy, for whoever has to find out why a test failed. */
  private note(line: string, { code, stdout, stderr }: Result, seconds: number): void {
    const kept = /--show-secrets/.test(line) ? "(not kept: secrets)\n" : `${stdout}${stderr}`;
    const time = new Date().toISOString().slice(11, 19);
    fs.appendFileSync(
      `${this.root}.log`,
      `\n== ${time} ${line} -> ${code} (${seconds.toFixed(1)} s)\n${kept}`,
    );
  }

  /** Sets `vxlab:*`; a key left out is Pulumi.yaml's again. */
  configure(settings: Readonly<Record<string, unknown>>, stack = "lab"): void {
    const file = join(this.root, `Pulumi.${stack}.yaml`);
    const old = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
    const salt = /^encryptionsalt:.*$/m.exec(old)?.[0] ?? "";
    // JSON is YAML.
    const lines = Object.entries(settings).map(([key, value]) => `  vxlab:${key}: ${JSON.stringify(value)}`);
    fs.writeFileSync(file, [salt, ...(lines.length > 0 ? ["config:", ...lines] : []), ""].join("\n"));
  }

  /** Ends whatever is left by force, and removes the copy. For a lab that was taken down there is nothing to end. */
  async destroy(): Promise<void> {
    const script = join(this.root, "toolchain", "embedded.sh");
    const env = { ...this.environment, VXLAB_ROOT: this.root };
    if (fs.existsSync(script)) good(await run(script, ["purge"], { cwd: this.root, env, timeout: 120 }));
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

/** The output of a run that had to end well. */
export function good({ code, stdout, stderr }: Result): string {
  if (code !== 0) throw new Error(`ended with code ${code}:\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
  return stdout;
}
