// What ./vxlab does before node has a program to run.
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addLanguages } from "../../toolchain/languages";
import { run } from "../../system/process";
import { temporary } from "../lib/temporary";
import { world } from "./world";

const root = join(__dirname, "../..");

test("packages that somebody else's folder lends are not replaced", async () => {
  const folder = temporary("launcher");
  const [clone, lent] = [join(folder, "clone"), join(folder, "lent")];
  mkdirSync(clone);
  mkdirSync(join(lent, "theirs"), { recursive: true });
  cpSync(join(root, "vxlab"), join(clone, "vxlab"));
  writeFileSync(join(clone, "package.json"), "{}");
  writeFileSync(join(clone, "package-lock.json"), '{ "lockfileVersion": 3, "packages": {} }');
  symlinkSync(lent, join(clone, "node_modules"));
  const { code, stderr } = await run(join(clone, "vxlab"), ["doctor"]);
  expect([code, stderr]).toEqual([
    3,
    expect.stringContaining(`is a link to ${lent}, which npm ci would empty`),
  ]);
  expect(readdirSync(lent)).toEqual(["theirs"]);
});

test("who finds no Pulumi names the command that sets it up", async () => {
  const here = world();
  const cure = `run: ${here.paths.root}/vxlab env`;
  await expect(addLanguages(here.paths, here.environment, here.out)).rejects.toThrow(cure);
  // The link to the project's own folder would lead to the project's own Pulumi.
  rmSync(join(here.paths.root, "toolchain"));
  const script = join(here.paths.root, "toolchain", "pulumi.sh");
  cpSync(join(root, "toolchain/pulumi.sh"), script);
  const { code, stderr } = await run(script, ["version"]);
  expect([code, stderr]).toEqual([3, expect.stringContaining(cure)]);
});

test("of the updates of a stack, the file backend keeps the last ten", async () => {
  const here = world();
  rmSync(join(here.paths.root, "toolchain"));
  const script = join(here.paths.root, "toolchain", "pulumi.sh");
  cpSync(join(root, "toolchain/pulumi.sh"), script);
  here.write(".vxlab/toolchain/pulumi", "#!/bin/sh\n");
  const times = Array.from(
    { length: 13 },
    (_, index) => `17959940830346705${String(index).padStart(2, "0")}`,
  );
  const history = (time: string) => ["checkpoint", "history"].map((word) => `lab-${time}.${word}.json`);
  const kinds = { history, backups: (time: string) => [`lab.${time}.json`] };
  const folder = (kind: string) => join(here.paths.state, ".pulumi", kind, "vxlab", "lab");
  const files = (kind: keyof typeof kinds, some: readonly string[]) =>
    some.flatMap(kinds[kind]).flatMap((name) => [name, `${name}.attrs`]);
  const write = () =>
    Object.keys(kinds).forEach((kind) => {
      mkdirSync(folder(kind), { recursive: true });
      files(kind as keyof typeof kinds, times).forEach((name) => writeFileSync(join(folder(kind), name), ""));
    });
  const kept = async (word: string, backend?: string) => {
    const env = { ...here.environment, VXLAB_LIBVIRT_UP: "given qemu:///x", PULUMI_BACKEND_URL: backend };
    expect((await run(script, [word], { env })).code).toBe(0);
    return Object.keys(kinds).map((kind) => readdirSync(folder(kind)).sort());
  };
  const all = [files("history", times), files("backups", times)];
  const last = [files("history", times.slice(-10)), files("backups", times.slice(-10))];
  write();
  expect(await kept("stack")).toEqual(all);
  expect(await kept("up", "file:///elsewhere")).toEqual(all);
  expect(await kept("up")).toEqual(last);
  expect(await kept("destroy")).toEqual(last);
});

test("Pulumi's own logs cannot be written unless they are wanted", async () => {
  const here = world();
  rmSync(join(here.paths.root, "toolchain"));
  const script = join(here.paths.root, "toolchain", "pulumi.sh");
  cpSync(join(root, "toolchain/pulumi.sh"), script);
  here.write(
    ".vxlab/toolchain/pulumi",
    '#!/bin/sh\nmkdir -p "$PULUMI_HOME/logs" && echo log >"$PULUMI_HOME/logs/$1"\n',
  );
  const logs = join(here.paths.pulumiHome, "logs");
  here.write(".vxlab/pulumi-home/logs/of-an-earlier-version", "");
  const ask = (env: object) => run(script, ["stack"], { env: { ...here.environment, ...env } });
  expect((await ask({})).code).not.toBe(0);
  expect(statSync(logs).isFile()).toBe(true);
  expect((await ask({ VXLAB_PULUMI_LOGS: "1" })).code).toBe(0);
  expect(readdirSync(logs)).toEqual(["stack"]);
  expect((await ask({})).code).not.toBe(0);
});
