/**
 * Makes a release: checks the project, packs HEAD, tries the archive in a folder elsewhere, and tags. It publishes nothing: the archive is
 * the release.
 * usage: npm run release -- [--dry-run]     with --dry-run it tags nothing, and keeps nothing
 */
import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { must } from "../../system/process";
import { conclude, onStderr } from "../../system/reporter";
import { findings, tagOf } from "./checks";
import { gather } from "./facts";
import { pack, tryOut } from "./package";

async function release(root: string, dry: boolean): Promise<void> {
  const facts = await gather(root);
  const found = findings(facts);
  for (const { message, later } of found)
    onStderr.line(`${later && dry ? "before the release: " : ""}${message}`);
  if (found.some(({ later }) => !later || !dry)) throw new Error("Nothing was packed.");
  const folder = mkdtempSync(join(tmpdir(), "vxlab-release-"));
  try {
    const archive = await onStderr.step("packing HEAD", () => pack(root, folder));
    const pulumi = process.env["VXLAB_PULUMI"] ?? join(root, ".vxlab", "bin", "pulumi");
    const created = await onStderr.step(
      "installing it elsewhere, compiling and previewing README's program",
      () => tryOut(root, archive, folder, pulumi),
    );
    const name = basename(archive);
    console.log(`${name}: ${Math.round(statSync(archive).size / 1000)} kB; README's program: ${created}`);
    if (dry) return;
    copyFileSync(archive, join(root, ".vxlab", name));
    await must("git", ["tag", "--annotate", tagOf(facts.version), "-m", `vxlab ${facts.version}`], {
      cwd: root,
    });
    console.log(`tagged ${tagOf(facts.version)}; the archive is .vxlab/${name}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const words = process.argv.slice(2);
if (words.some((word) => word !== "--dry-run")) {
  console.error("usage: npm run release -- [--dry-run]");
  process.exitCode = 2;
} else {
  conclude(release(join(__dirname, "..", ".."), words.length > 0));
}
