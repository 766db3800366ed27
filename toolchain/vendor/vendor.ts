/** The vendor's downloads: tried once, with a short limit, and never required. */
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { answers, download, patience, type Patience } from "./download";
import { inWorkFolder } from "../setup/work";
import type { Environment, Paths } from "../../system/paths";
import { run } from "../../system/process";
import type { Reporter } from "../../system/reporter";

export class Vendor {
  private answer?: Promise<boolean>;

  /** @param site for tests, like `limits`: another server */
  constructor(
    private readonly paths: Pick<Paths, "cache">,
    private readonly reporter: Reporter,
    private readonly environment: Environment,
    private readonly site = "https://get.pulumi.com",
    private readonly limits: Patience = patience,
  ) {}

  /** Asks once, and reports once, for a whole set-up. */
  reachable(): Promise<boolean> {
    this.answer ??= this.ask();
    return this.answer;
  }

  /** The Pulumi CLI with its language hosts. */
  cli(version: string, folder: string): Promise<boolean> {
    return this.fetch(`sdk/pulumi-v${version}-linux-x64.tar.gz`, folder, ["--strip-components=1"]);
  }

  plugin(name: string, version: string, folder: string): Promise<boolean> {
    return this.fetch(`plugins/pulumi-resource-${name}-v${version}-linux-amd64.tar.gz`, folder, []);
  }

  private async ask(): Promise<boolean> {
    const why = await this.silence();
    if (why !== undefined)
      this.reporter.line(`the vendor's downloads: ${why}; the package registries serve instead`);
    return why === undefined;
  }

  private async silence(): Promise<string | undefined> {
    if (this.environment["VXLAB_NO_VENDOR"]) return "not asked, VXLAB_NO_VENDOR is set";
    if (process.platform !== "linux" || process.arch !== "x64")
      return `nothing pinned for ${process.platform} ${process.arch}`;
    return (await answers(`${this.site}/`, this.limits)) ? undefined : `no answer${this.throughProxy()}`;
  }

  /** npm and Go use a proxy from the environment by default; Node.js needs a setting for it. */
  private throughProxy(): string {
    const proxy = ["HTTPS_PROXY", "https_proxy"].some((name) => this.environment[name]);
    return proxy && !this.environment["NODE_USE_ENV_PROXY"]
      ? " (HTTPS_PROXY is for Node.js 22.21 or newer, with NODE_USE_ENV_PROXY=1)"
      : "";
  }

  /** Unpacks elsewhere and then renames, so that a folder that exists is complete. */
  private async fetch(path: string, folder: string, tarOptions: string[]): Promise<boolean> {
    if (!(await this.reachable())) return false;
    const url = `${this.site}/releases/${path}`;
    return inWorkFolder(this.paths, (work) =>
      this.reporter.step(`downloading ${url}`, async () => {
        const archive = join(work, "archive");
        if (!(await download(url, archive, this.limits))) return false;
        const out = join(work, "out");
        mkdirSync(out);
        const tar = await run("tar", ["-xzf", archive, "-C", out, "--no-same-owner", ...tarOptions]);
        if (tar.code !== 0) return false;
        mkdirSync(dirname(folder), { recursive: true });
        renameSync(out, folder);
        return true;
      }),
    );
  }
}
