// The contract of @pulumi/command 1.2.1 that needs no network: inputs, differences, previews, local commands.
import { mkdirSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { before, checks, connection, diffs, local, previews, remote } from "./command-cases";
import { Provider } from "./driver";
import type { Json, Props } from "./driver";
import { targets } from "./targets";
import { normal, secret } from "./values";
import { temporary } from "./temporary";

describe.each(targets("pulumi-resource-command"))("command, $label", ({ label, path }) => {
  let p: Provider;
  const dir = temporary("command");
  beforeAll(async () => {
    p = await Provider.start(await path());
  }, 60_000);
  afterAll(async () => {
    await p.stop();
  });

  it("says its version", async () => expect(await p.version()).toBe("1.2.1"));

  it("has the published schema: tokens, inputs, outputs, secrets", async () => {
    const schema = await p.schema();
    expect(Object.keys(schema.resources)).toContain("command:remote:Command");
    expect(schema.resources["command:remote:Command"]?.properties).toMatchObject({
      connection: { secret: true },
      stdout: { type: "string" },
      triggers: { replaceOnChanges: true },
    });
    expect(Object.keys(schema.functions)).toEqual(["command:local:run"]);
  });

  it.each(checks)("check: $name", async ({ urn = remote, news, inputs, failures = [] }) => {
    const got = await p.check(urn, news);
    expect(got.failures.sort()).toEqual([...failures].sort());
    if (inputs) expect(normal(got.inputs)).toEqual(inputs);
  });

  it("check: secrets are marked even where the inputs are wrong", async () => {
    const got = await p.check(remote, { connection: { user: "u" } });
    expect(got.inputs.connection).toEqual(secret({ user: "u" }));
  });

  it("check: a resource that there is not", async () => {
    await expect(p.check("urn:pulumi:s::p::command:remote:Nope::x", {})).rejects.toThrow(
      "Resource 'remote:Nope' not found",
    );
  });

  it.each(diffs)("diff: $name", async ({ olds, news, ignore = [], changes, replaces = [] }) => {
    const got = await p.diff(remote, { ...olds, stdout: "", stderr: "" }, olds, news, ignore);
    const found = Object.fromEntries(got.detaileddiffMap.map(([at, d]) => [at, d.kind]));
    expect(found).toEqual(changes);
    expect(got.replacesList).toEqual(replaces);
    expect(got.changes).toBe(Object.keys(changes).length > 0 ? 2 : 1);
    const roots = new Set(Object.keys(changes).map((c) => c.split(/[.[]/)[0]));
    expect(got.diffsList.sort()).toEqual([...roots].sort());
    expect(got.deletebeforereplace).toBe(false);
  });

  it.each(previews)("preview: $name", async ({ state, news, result }) => {
    const got = state
      ? await p.update(remote, state, {}, news, { preview: true })
      : (await p.create(remote, news, { preview: true })).state;
    expect(normal(got)).toEqual(result);
  });

  it("without commands nothing runs, and nothing is dialled", async () => {
    const made = await p.create(remote, { connection });
    expect(made.id).toMatch(/^x[0-9a-f]{8}$/);
    expect(made.state).toEqual({ connection, stdout: "", stderr: "" });
    await p.delete(remote, made.state, {});
  });

  it("read gives the state back", async () => {
    const state = { ...before, stdout: "so", stderr: "" };
    expect(await p.read(remote, "i", state, before)).toEqual({ id: "i", state, inputs: before });
  });

  it("local: stdin, environment, both outputs, one newline less", async () => {
    const made = await p.create(local, {
      create: 'echo "hi $A"; echo er >&2; sleep 0.2; cat; echo; echo',
      stdin: "in",
      environment: { A: "b" },
    });
    expect(made.id).toMatch(/^x::y[0-9a-f]{8}$/);
    expect(made.state).toMatchObject({ stdout: "hi b\nin\n", stderr: "er" });
    const lines = p.engine.logs.splice(0).map((l) => l.message);
    expect(lines.sort()).toEqual(["", "er", "hi b", "in"]);
  });

  it("local: update runs `update`, else `create`, with the previous output in the environment", async () => {
    const state = { create: "x", stdout: "OLD", stderr: "OE" };
    const say = "echo $PULUMI_COMMAND_STDOUT $PULUMI_COMMAND_STDERR";
    expect(await p.update(local, state, {}, { create: say })).toMatchObject({ stdout: "OLD OE", stderr: "" });
    const silent = { create: "exit 1", update: say, addPreviousOutputInEnv: false };
    expect(await p.update(local, state, {}, silent)).toMatchObject({ stdout: "", stderr: "" });
  });

  it("local: delete runs, with the state's command", async () => {
    const file = join(dir, "deleted");
    await p.delete(local, { delete: `touch ${file}`, stdout: "", stderr: "" }, {});
    expect(existsSync(file)).toBe(true);
  });

  const failing: [string, Props, string][] = [
    ["a failing script", { create: "echo hi; exit 3" }, 'exit status 3: running "echo hi; exit 3":\nhi\n'],
    ["a killed script", { create: "kill -9 $$" }, 'signal: killed: running "kill -9 $$":\n'],
    [
      "no such folder",
      { create: "pwd", dir: "/nonexistent" },
      'chdir /nonexistent: no such file or directory: running "pwd":\n',
    ],
    [
      "no such interpreter",
      { create: "pwd", interpreter: ["nonexist", "-c"] },
      'exec: "nonexist": executable file not found in $PATH: running "pwd":\n',
    ],
    [
      "no such interpreter by path",
      { create: "pwd", interpreter: ["/nonexist", "-c"] },
      'fork/exec /nonexist: no such file or directory: running "pwd":\n',
    ],
  ];
  it.each(failing)("local: %s", async (_name, inputs, message) => {
    await expect(p.create(local, inputs)).rejects.toMatchObject({ code: 2, details: message });
  });

  it("local: a time limit ends the command", async () => {
    const start = Date.now();
    await expect(p.create(local, { create: "exec sleep 20" }, { timeout: 1 })).rejects.toThrow(
      "signal: killed",
    );
    expect(Date.now() - start).toBeLessThan(10_000);
  }, 30_000);

  it("local: assets and archives by globs", async () => {
    const g = join(dir, "g");
    mkdirSync(join(g, "sub"), { recursive: true });
    for (const [f, text] of [
      ["a.txt", "A"],
      ["sub/b.txt", "B"],
      ["sub/c.js", "C"],
    ] as const)
      writeFileSync(join(g, f), text);
    const { state } = await p.create(local, {
      create: "true",
      dir: g,
      assetPaths: ["**.txt", "!sub/c*"],
      archivePaths: ["*"],
    });
    const assets = state.assets as { [k: string]: Props };
    expect(Object.keys(assets)).toEqual(["a.txt", "sub/b.txt"]);
    expect(assets["a.txt"]).toMatchObject({
      path: join(g, "a.txt"),
      hash: "559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd",
    });
    expect(Object.keys((state.archive as { assets: Props }).assets)).toEqual(["a.txt"]);
  });

  // The vendor's plugin hangs: bufio.Scanner stops at 64 KiB, and nothing reads the rest.
  it.runIf(label === "stand-in")("unlike the vendor's: 1 MB in one line, logged, does not hang", async () => {
    const { state } = await p.create(local, { create: "head -c 1048576 /dev/zero | tr '\\0' x" });
    expect((state.stdout as string).length).toBe(1 << 20);
  });

  it("run: gives inputs and outputs", async () => {
    const got = await p.invoke("command:local:run", { command: "echo hi $A", environment: { A: "b" } });
    const result: Json = { command: "echo hi $A", environment: { A: "b" }, stdout: "hi b", stderr: "" };
    expect(got).toEqual({ result, failures: [] });
  });

  it("run: a failing script, wrong arguments, a function that there is not", async () => {
    await expect(p.invoke("command:local:run", { command: "exit 4" })).rejects.toThrow(
      'exit status 4: running "exit 4":',
    );
    expect((await p.invoke("command:local:run", { commandx: "y" })).failures.sort()).toEqual([
      "command: Missing required field 'command' on 'local.RunInputs'",
      "commandx: Unrecognized field 'commandx' on 'local.RunInputs'",
    ]);
    await expect(p.invoke("command:local:nope", {})).rejects.toThrow("Invoke 'local:nope' not found");
  });

  it.runIf(label === "stand-in")(
    "unlike the vendor's: CopyFile, which is deprecated, is refused, with the cure",
    async () => {
      const refused = p.check("urn:pulumi:s::p::command:remote:CopyFile::x", {});
      await expect(refused).rejects.toThrow(
        /not part of vxlab's stand-in.*pulumi plugin install resource command/,
      );
    },
  );
});
