// The contract of @pulumi/command 1.2.1 that needs no network: inputs, differences, previews, local commands.
import { mkdtempSync, mkdirSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Provider } from "./driver";
import type { Json, Props } from "./driver";
import { targets } from "./targets";
import { normal, secret, unknown } from "./values";

const remote = "urn:pulumi:s::p::command:remote:Command::x";
const local = "urn:pulumi:s::p::vxlab:index:Host$command:local:Command::x::y";
const minimal = { dialErrorLimit: 10, host: "h", perDialTimeout: 15, port: 22, user: "root" };

interface CheckCase {
  name: string;
  urn?: string;
  news: Props;
  inputs?: Props;
  failures?: string[];
}

const checks: CheckCase[] = [
  {
    name: "fills in the connection's defaults and makes it a secret",
    news: { connection: { host: "h" } },
    inputs: { connection: secret(minimal) },
  },
  {
    name: "does the same for the proxy, and marks the passwords",
    news: { connection: { host: "h", password: secret("y"), proxy: { host: "q", privateKey: "z" } } },
    inputs: {
      connection: secret({
        ...minimal,
        password: secret("y"),
        proxy: { ...minimal, host: "q", privateKey: secret("z") },
      }),
    },
  },
  {
    name: "keeps unknown values unknown",
    news: { connection: { host: unknown }, create: unknown, triggers: unknown, environment: { A: unknown } },
    inputs: {
      connection: secret({ ...minimal, host: "?" }),
      create: "?",
      triggers: "?",
      environment: { A: "?" },
    },
  },
  {
    name: "keeps a connection that is unknown as a whole, as a secret",
    news: { connection: unknown, create: "x" },
    inputs: { connection: secret("?"), create: "x" },
  },
  {
    name: "keeps secrets and null among the triggers",
    news: {
      connection: { host: "h" },
      create: secret("x"),
      triggers: [1, secret("a"), { a: 1 }, null],
      environment: {},
    },
    inputs: {
      connection: secret(minimal),
      create: secret("x"),
      triggers: [1, secret("a"), { a: 1 }, null],
      environment: {},
    },
  },
  {
    name: "asks for the connection",
    news: {},
    failures: ["connection: Missing required field 'connection' on 'remote.CommandInputs'"],
  },
  {
    name: "asks for the host",
    news: { connection: { user: "u" } },
    failures: [
      "connection: An error occurred decoding 'CommandInputs.connection': 1 failures decoding:\n" +
        "\thost: Missing required field 'host' on 'remote.Connection'",
    ],
  },
  {
    name: "refuses wrong types and unknown names, all at once",
    news: {
      connection: { host: "h" },
      create: 5,
      bar: 2,
      environment: { A: 1 },
      addPreviousOutputInEnv: "true",
    },
    failures: [
      "addPreviousOutputInEnv: Field 'addPreviousOutputInEnv' on 'remote.CommandInputs' must be a 'bool'; got 'string' instead",
      "bar: Unrecognized field 'bar' on 'remote.CommandInputs'",
      "create: Field 'create' on 'remote.CommandInputs' must be a 'string'; got 'float64' instead",
      "environment[A] value: Field 'environment[A] value' on 'remote.CommandInputs' must be a 'string'; got 'float64' instead",
    ],
  },
  {
    name: "refuses wrong types and unknown names in the connection",
    news: { connection: { host: 3, foo: 1, port: "22" } },
    failures: [
      "connection: An error occurred decoding 'CommandInputs.connection': 3 failures decoding:\n" +
        "\thost: Field 'host' on 'remote.Connection' must be a 'string'; got 'float64' instead\n" +
        "\tport: Field 'port' on 'remote.Connection' must be a 'float64'; got 'string' instead\n" +
        "\tfoo: Unrecognized field 'foo' on 'remote.Connection'",
    ],
  },
  {
    name: "knows the local command's own inputs",
    urn: local,
    news: {
      create: "x",
      environment: { A: "b" },
      interpreter: ["/bin/bash", "-c"],
      dir: "/",
      assetPaths: ["*"],
    },
    inputs: {
      create: "x",
      environment: { A: "b" },
      interpreter: ["/bin/bash", "-c"],
      dir: "/",
      assetPaths: ["*"],
    },
  },
  {
    name: "has no connection for the local command",
    urn: local,
    news: { connection: {} },
    failures: ["connection: Unrecognized field 'connection' on 'local.CommandInputs'"],
  },
];

const connection = secret(minimal);
const before: Props = { connection, create: "a", triggers: [1, 2] };
const after: Props = {
  connection: secret({ ...minimal, host: "i" }),
  create: "b",
  triggers: [1, 3, 4],
  stdin: "x",
};
const { triggers: _, ...withoutTriggers } = before;

interface DiffCase {
  name: string;
  olds: Props;
  news: Props;
  ignore?: string[];
  /** path → kind (PropertyDiff.Kind) */
  changes: { [path: string]: number };
  replaces?: string[];
}
const [add, addReplace, remove, removeReplace, update] = [0, 1, 2, 3, 4];

const diffs: DiffCase[] = [
  { name: "no change", olds: before, news: before, changes: {} },
  {
    name: "changes inside triggers are updates: the SDKs ask for the replacement (replaceOnChanges)",
    olds: before,
    news: after,
    changes: { connection: update, create: update, stdin: add, "triggers[1]": update, "triggers[2]": add },
  },
  {
    name: "what is gone is deleted",
    olds: after,
    news: before,
    changes: {
      connection: update,
      create: update,
      stdin: remove,
      "triggers[1]": update,
      "triggers[2]": remove,
    },
  },
  {
    name: "new triggers replace",
    olds: withoutTriggers,
    news: before,
    changes: { triggers: addReplace },
    replaces: ["triggers"],
  },
  {
    name: "triggers that go replace",
    olds: before,
    news: withoutTriggers,
    changes: { triggers: removeReplace },
    replaces: ["triggers"],
  },
  {
    name: "ignoreChanges",
    olds: before,
    news: after,
    ignore: ["create", "triggers", "connection"],
    changes: { stdin: add },
  },
  {
    name: "an unknown value is a change",
    olds: before,
    news: { ...before, create: unknown },
    changes: { create: update },
  },
  {
    name: "names that are no identifiers are quoted",
    olds: { ...before, environment: { "A.B": "1", C: "1" } },
    news: { ...before, environment: { "A.B": "2", C: "2" } },
    changes: { 'environment["A.B"]': update, "environment.C": update },
  },
  {
    name: "a value that becomes a secret is a change",
    olds: before,
    news: { ...before, create: secret("a") },
    changes: { create: update },
  },
];

interface PreviewCase {
  name: string;
  state?: Props;
  news: Props;
  result: Props;
}
const ran = { stdout: "so", stderr: "se" };
const previews: PreviewCase[] = [
  { name: "create: outputs are unknown", news: after, result: { ...after, stdout: "?", stderr: "?" } },
  {
    name: "create: secrets stay secret",
    news: { connection, create: secret("x"), stdin: "y" },
    result: { connection, create: secret("x"), stdin: "y", stdout: "?", stderr: "?" },
  },
  {
    name: "update without a change: outputs are kept",
    state: { ...before, ...ran },
    news: before,
    result: { ...before, ...ran },
  },
  {
    name: "update: outputs are unknown",
    state: { ...before, ...ran },
    news: after,
    result: { ...after, stdout: "?", stderr: "?" },
  },
  {
    name: "update: an input that is new leaves the outputs known",
    state: { ...withoutTriggers, ...ran },
    news: before,
    result: { ...before, ...ran },
  },
];

describe.each(targets("pulumi-resource-command"))("command, $label", ({ label, path }) => {
  let p: Provider;
  const dir = mkdtempSync(join(tmpdir(), "vxlab-command-"));
  beforeAll(async () => {
    p = await Provider.start(await path());
  }, 60_000);
  afterAll(() => p.stop());

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
      create: 'echo "hi $A"; echo er >&2; cat; echo; echo',
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

  // The vendor's hangs: bufio.Scanner stops at 64 KiB, and nobody reads on.
  it.runIf(label === "replacement")(
    "unlike the vendor's: 1 MB in one line, logged, does not hang",
    async () => {
      const { state } = await p.create(local, { create: "head -c 1048576 /dev/zero | tr '\\0' x" });
      expect((state.stdout as string).length).toBe(1 << 20);
    },
  );

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

  it.runIf(label === "replacement")(
    "unlike the vendor's: CopyToRemote and CopyFile are refused, with the cure",
    async () => {
      for (const type of ["CopyToRemote", "CopyFile"]) {
        const refused = p.check(`urn:pulumi:s::p::command:remote:${type}::x`, {});
        await expect(refused).rejects.toThrow(
          /not part of vxlab's replacement.*pulumi plugin install resource command/,
        );
      }
    },
  );
});
