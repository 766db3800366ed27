// How the program starts: stacks/preload.cjs in a folder of its own, with a program of a few lines.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { temporary } from "../lib/temporary";

const root = join(__dirname, "../..");
const base = temporary("preload");
let folder = base;

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const compiled = (): string => join(folder, ".vxlab/compiled/program");

function run(more: NodeJS.ProcessEnv = {}): string {
  const args = ["--require", "./stacks/preload.cjs", "./program.ts"];
  const env = { ...process.env, ...more };
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", env });
  expect(stderr).toBe("");
  return stdout.trim();
}

beforeEach(() => {
  folder = mkdtempSync(join(base, "p-"));
  mkdirSync(join(folder, "stacks"));
  for (const file of ["preload.cjs", "compiled.cjs", "sdk.cjs"])
    cpSync(join(root, "stacks", file), join(folder, "stacks", file));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  write("part.ts", "export const part: string = 'one';");
  write("program.ts", "import { part } from './part'; console.log(part satisfies string);");
});

describe("compiled modules", () => {
  test("are kept, and an edit is seen, be it of the same length and within the same second", () => {
    expect(run()).toBe("one");
    expect(readdirSync(join(folder, ".vxlab/compiled"))).not.toEqual([]);
    expect(run()).toBe("one");
    write("part.ts", "export const part: string = 'two';");
    expect(run()).toBe("two");
    expect(run()).toBe("two");
  });

  test.each(["", "not what v8.serialize writes", "\xff\x0fo"])(
    "a damaged file counts for nothing: %j",
    (text) => {
      expect(run()).toBe("one");
      writeFileSync(compiled(), text, "latin1");
      expect(run()).toBe("one");
    },
  );

  test("where nothing can be written the program runs all the same", () => {
    write(".vxlab", "a file where the folder would be");
    expect(run()).toBe("one");
  });

  test("require and import() are what they are without", () => {
    write("later.mjs", "export const late = 'late';");
    write("plain.cjs", "module.exports = [require.main.filename, require.resolve('./part'), __filename];");
    write("paths.cjs", "console.log(require.resolve.paths('./x').join(), require.resolve.paths('x')[0]);");
    write(
      "program.ts",
      `require("./paths.cjs");
       const [main, part, self] = require("./plain.cjs");
       const load = require("./load.cjs");
       load().then(({ late }: { late: string }) => console.log(main, part, self, late));`,
    );
    write("load.cjs", "module.exports = () => import('./later.mjs');");
    const at = (name: string): string => join(folder, name);
    const expected =
      `${folder} ${at("node_modules")}\n` +
      [at("program.ts"), at("part.ts"), at("plain.cjs"), "late"].join(" ");
    expect([run(), run()]).toEqual([expected, expected]);
  });

  test.each(["0", "1"])("an error names the line of the TypeScript (VXLAB_WHOLE_SDK=%s)", (whole) => {
    write(
      "part.ts",
      "interface Gone {\n  a: string;\n}\nexport const part = (g: Gone) => new Error(g.a).stack;",
    );
    write("program.ts", "import { part } from './part';\nconsole.log(part({ a: 'oh' }));");
    const twice = [run({ VXLAB_WHOLE_SDK: whole }), run({ VXLAB_WHOLE_SDK: whole })];
    expect(twice).toEqual(Array(2).fill(expect.stringMatching(/part\.ts:4:[^]*program\.ts:2:/)));
  });
});

describe("what the SDK takes in as a whole", () => {
  test("is loaded when it is used", () => {
    write(
      "program.ts",
      `import * as pulumi from "@pulumi/pulumi";
       const count = () => Object.keys(require.cache).length;
       const before = count();
       console.log(typeof pulumi.automation.LocalWorkspace.create, "fullyQualifiedStackName" in pulumi.automation);
       console.log(Object.keys(pulumi.automation).includes("Stack"));
       console.log(count() - before > 50);`,
    );
    expect(run()).toBe("function true\ntrue\ntrue");
  });
});

describe("the SDK's messages for --debug", () => {
  const told = (lines: string): string => {
    write(
      "program.ts",
      `import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
       import { log, runtime } from "@pulumi/pulumi";
       const sent: unknown[] = [];
       EngineClient.prototype.log = (request, answered) => {
         sent.push([request.getMessage(), request.getUrn()].filter(Boolean).join(" of "));
         setTimeout(answered, 5);
       };
       ${lines}
       void (runtime as never as { waitForRPCs(): Promise<void> }).waitForRPCs().then(() => console.log(JSON.stringify(sent)));`,
    );
    return run({ PULUMI_NODEJS_ENGINE: "127.0.0.1:9" });
  };

  test("are gathered while one is on its way, and have all gone before the program ends", () => {
    const lines =
      "for (const one of ['a', 'b', 'c']) void log.debug(one).then(() => log.debug('after ' + one));";
    expect(told(lines)).toBe(JSON.stringify(["a", "b\nc", "after a", "after b\nafter c"]));
  });

  test("go alone when they are of a resource, and other messages always do", () => {
    const lines =
      "log.debug('a'); log.warn('b'); log.debug('c', { urn: { promise: async () => 'it' } } as never); log.info('d');";
    expect(told(lines)).toBe(JSON.stringify(["a", "b", "c of it", "d"]));
  });
});

describe("the SDK's serialiser of functions", () => {
  const loaded = (name: string): string =>
    `console.log(Object.keys(require.cache).some((file) => file.includes("/node_modules/${name}/")));`;

  test("is not loaded with the SDK, unless the switch leaves the SDK whole", () => {
    write("program.ts", `require("@pulumi/pulumi"); ${loaded("typescript")} ${loaded("@npmcli/arborist")}`);
    expect(run()).toBe("false\nfalse");
    expect(run({ VXLAB_WHOLE_SDK: "1" })).toBe("true\ntrue");
  });

  test.each(["0", "1"])("works when it is called (VXLAB_WHOLE_SDK=%s)", (whole) => {
    write(
      "program.ts",
      `import * as pulumi from "@pulumi/pulumi";
       const two = 2;
       void pulumi.runtime.serializeFunction((x: number) => x + two).then(({ text }) => {
         console.log(text.includes("two: 2"), typeof pulumi.runtime.computeCodePaths);
       });`,
    );
    expect(run({ VXLAB_WHOLE_SDK: whole })).toBe("true function");
  });

  test("knows where a function stands that cannot be text, though the debugger came late", () => {
    write(
      "program.ts",
      `import * as pulumi from "@pulumi/pulumi";
       import { ask } from "./part";
       void pulumi.runtime.serializeFunction(ask).catch(({ message }: Error) => console.log(message.split("\\n")[0]));`,
    );
    write(
      "part.ts",
      "const bound = Math.max.bind(null);\n\nexport function ask(x: number) { return bound(x); }",
    );
    expect([run(), run()]).toEqual(
      Array(2).fill(expect.stringMatching(/^Error serializing function 'ask': part\.ts\(3,/)),
    );
  });

  test("does not make the program its own debugger before", () => {
    write(
      "program.ts",
      `import { isInitializedAsync } from "@pulumi/pulumi/runtime/closure/v8Hooks";
       import { Session } from "node:inspector";
       let opened = 0;
       Session.prototype.connect = () => void opened++;
       void isInitializedAsync().then(() => console.log(opened));`,
    );
    expect(run()).toBe("0");
  });
});
