/** The vendor's downloads: tried once, briefly, and never needed. */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Environment } from "./paths";
import { run, searchPath, whereIs } from "./process";
import type { Reporter } from "./reporter";

const site = "https://get.pulumi.com/releases";

export class Vendor {
  private answer?: Promise<boolean>;

  constructor(
    private readonly reporter: Reporter,
    private readonly environment: Environment,
  ) {}

  /** Asked once for a whole set-up, and said once. */
  reachable(): Promise<boolean> {
    this.answer ??= this.ask();
    return this.answer;
  }

  /** The Pulumi CLI with its language hosts. */
  cli(version: string, folder: string): Promise<boolean> {
    return this.fetch(`${site}/sdk/pulumi-v${version}-linux-x64.tar.gz`, folder, ["--strip-components=1"]);
  }

  plugin(name: string, version: string, folder: string): Promise<boolean> {
    return this.fetch(`${site}/plugins/pulumi-resource-${name}-v${version}-linux-amd64.tar.gz`, folder, []);
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
    if (whereIs("curl", searchPath(this.environment)).length === 0) return "not asked, curl is missing";
    const args = [
      "--head",
      "--silent",
      "--fail",
      "--location",
      "--connect-timeout",
      "5",
      "--max-time",
      "10",
      "-o",
      "/dev/null",
    ];
    const { code } = await run("curl", [...args, "https://get.pulumi.com/"], {
      env: this.environment,
      timeout: 15,
    });
    return code === 0 ? undefined : "no answer";
  }

  /** Unpacks beside the folder and renames, so that what exists is whole. */
  private async fetch(url: string, folder: string, tarOptions: string[]): Promise<boolean> {
    if (!(await this.reachable())) return false;
    mkdirSync(dirname(folder), { recursive: true });
    const work = mkdtempSync(join(dirname(folder), ".download-"));
    try {
      return await this.reporter.step(`downloading ${url}`, async () => {
        const archive = join(work, "archive");
        // Bounded by its speed, not by its length: 1 kB/s for 20 s is a dead line.
        const slow = ["--connect-timeout", "5", "--speed-limit", "1000", "--speed-time", "20"];
        const curl = await run("curl", ["-fsSL", ...slow, "-o", archive, url], {
          env: this.environment,
          timeout: 900,
        });
        if (curl.code !== 0) return false;
        const out = join(work, "out");
        mkdirSync(out);
        const tar = await run("tar", ["-xzf", archive, "-C", out, "--no-same-owner", ...tarOptions]);
        if (tar.code === 0) renameSync(out, folder);
        return tar.code === 0;
      });
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
}
