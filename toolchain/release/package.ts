/** Packs a commit of the project, and tries the archive in an empty folder elsewhere. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../system/process";

const QUIET = ["--no-audit", "--no-fund", "--loglevel=error"];

/** A clone of HEAD is packed, so that the archive holds what is committed only. @returns the archive's path */
export async function pack(root: string, folder: string): Promise<string> {
  const clone = join(folder, "clone");
  await must("git", ["clone", "--quiet", "--local", root, clone]);
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
  await must("npm", ["run", "--silent", "dist"], { cwd: clone, timeout: 300 });
  const words = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const stdout = await must("npm", words, { cwd: clone, timeout: 120 });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(folder, filename);
}

/** README's program, installed as README says, compiled, and previewed by `pulumi`. @returns the end of the preview */
export async function tryOut(root: string, archive: string, folder: string, pulumi: string): Promise<string> {
  const program = join(folder, "program");
  mkdirSync(program);
  const [, code = ""] = /```ts\n([^]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  writeFileSync(join(program, "index.ts"), code);
  writeFileSync(join(program, "Pulumi.yaml"), "name: release\nruntime: nodejs\n");
  writeFileSync(
    join(program, "package.json"),
    `{ "name": "release", "private": true, "main": "index.ts" }\n`,
  );
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const { "@pulumi/pulumi": sdk, typescript, "@types/node": types } = manifest.devDependencies;
  const wanted = [archive, `@pulumi/pulumi@${sdk}`, `typescript@${typescript}`, `@types/node@${types}`];
  const cwd = program;
  await must("npm", ["install", "--prefer-offline", ...QUIET, ...wanted], { cwd, timeout: 300 });
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "commonjs", "--target", "es2022"];
  await must(join("node_modules", ".bin", "tsc"), [...options, "index.ts"], { cwd, timeout: 120 });
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "release",
  };
  await must(pulumi, ["stack", "init", "release", "--non-interactive"], { cwd, env, timeout: 60 });
  const preview = ["preview", "--stack", "release", "--non-interactive", "--color", "never"];
  const stdout = await must(pulumi, preview, { cwd, env, timeout: 300 });
  const [created] = /\+ \d+ to create/.exec(stdout) ?? [];
  if (created === undefined) throw new Error(`The preview of README's program creates nothing:\n${stdout}`);
  return created;
}

interface Manifest {
  devDependencies: Record<string, string>;
}
