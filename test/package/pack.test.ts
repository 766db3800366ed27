/** The package as npm makes it, in a program of its own elsewhere. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { run } from "../../system/process";
import { linksOf, targetOf } from "../docs/markdown";
import { checkout, good } from "../lib/project";

const app = inject("app");
const own = join(app, "node_modules", "vxlab");
const manifest = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

const filesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" });
const REQUIRE = /\brequire\("([^".][^"]*)"\)/g;

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

describe("what is installed", () => {
  it("has one @pulumi/pulumi, and the libvirt SDK that no registry has", () => {
    const found = filesIn(join(app, "node_modules")).filter((path) =>
      /@pulumi\/pulumi\/package.json$/.test(path),
    );
    expect(found).toEqual(["@pulumi/pulumi/package.json"]);
    expect(manifest(join(own, "node_modules/@pulumi/libvirt")).name).toBe("@pulumi/libvirt");
  });

  it("declares every package that it loads", () => {
    const loaded = filesIn(join(own, "dist"))
      .filter((path) => path.endsWith(".js"))
      .flatMap((path) => [...readFileSync(join(own, "dist", path), "utf8").matchAll(REQUIRE)])
      .map(([, name = ""]) =>
        name
          .split("/")
          .slice(0, name.startsWith("@") ? 2 : 1)
          .join("/"),
      );
    const { dependencies, peerDependencies } = manifest(own);
    const known = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
    const foreign = [...new Set(loaded)].filter(
      (name) => !name.startsWith("node:") && !builtinModules.includes(name) && !known.has(name),
    );
    expect(foreign).toEqual([]);
    expect(loaded).toContain("@pulumi/libvirt");
  });

  it("has the recipe of the guest image, ready to run", () => {
    expect(() => accessSync(join(own, "image", "build.sh"), constants.X_OK)).not.toThrow();
  });

  it("has the file behind every relative link of its README", () => {
    const links = linksOf(readFileSync(join(own, "README.md"), "utf8")).filter(
      (href) => !/^[a-z]+:/.test(href),
    );
    const missing = links.filter((href) => !existsSync(join(own, targetOf("README.md", href))));
    expect(links.length).toBeGreaterThan(10);
    expect(missing).toEqual([]);
  });

  it("calls plugin and policy pack by its own version", () => {
    const versions = ["", "plugin", "policy"].map((folder) => manifest(join(own, folder)).version);
    expect(new Set(versions).size).toBe(1);
  });
});

const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import * as v from "vxlab";
import { Accel, KvmHost, libvirt, LxcContainer, OvsBridge, VxlanLab, VxlanLabArgs, VxlanPort } from "vxlab";
const args: VxlanLabArgs = { accel: Accel.Kvm, image: { version: "1", root: "root.qcow2" }, topology: {
  underlay: {}, image: {}, hosts: { a: { address: "192.168.10.2" } }, segments: {}, containers: {} } };
const demo = new VxlanLab("demo", args);
export const names: pulumi.Output<string[]> = demo.lab.apply((lab) => Object.keys(lab.hosts));
export const address: pulumi.Output<string> = demo.hosts.a.address;
const on = { host: demo.hosts.a, bridge: demo.bridges.a.bridge };
new VxlanPort("blue", { ...on, vni: 200, remotes: [] }, { dependsOn: demo.segments.red.ports.a });
export const container: LxcContainer = new LxcContainer("c2", { host: on.host, interfaces: [{ bridge: on.bridge }] });
export const planned: v.LabPlan = v.planLab({ underlay: {}, image: {}, hosts: {}, segments: {}, containers: {} }, { lab: "x" });
export const numbers: number[] = [v.tunnelOverhead(v.IpFamily.V4), v.maxOverlayMtu(1500, v.IpFamily.V6)];
export const words: string[] = [v.computedMac("x", v.MacKind.Container, "c1"), v.vethName("c1"), v.tunnelName(100, "10.0.0.2")];
export const others = [v.readLab({}), v.readVteps("stack", {}).absent];
export const bridge = (host: KvmHost): OvsBridge =>
  new OvsBridge("b", { host: host.connection, mac: "0a:00:00:00:00:01", labId: "aa00" }, host.inside);
export const provider = new libvirt.Provider("hypervisor", { uri: "qemu:///system" });
`;

/** The compiler's messages on programs; with `all`, the declarations of every package are checked too. */
async function compile(
  programs: readonly string[],
  resolution: string,
  module: string,
  all: boolean,
): Promise<string> {
  const folder = join(app, "types");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = programs.map((_, index) => `program${index}.ts`);
  for (const [index, program] of programs.entries())
    writeFileSync(join(folder, `program${index}.ts`), program);
  const options = ["--noEmit", "--strict", "--target", "es2022", "--types", "node", "--module", module];
  const words = [...options, "--moduleResolution", resolution, ...(all ? [] : ["--skipLibCheck"])];
  const tsc = join(app, "node_modules", "typescript", "bin", "tsc");
  return (await run("node", [tsc, ...words, ...files], { cwd: folder })).stdout;
}

describe("types of a program", () => {
  it.each([
    ["node10", "commonjs", true],
    ["nodenext", "nodenext", false],
    ["bundler", "esnext", false],
  ])("are found with module resolution %s", async (resolution, module, all) =>
    expect(await compile([PROGRAM], resolution, module, all)).toBe(""),
  );

  it("hold for every program in the documentation", async () => {
    const pages = readdirSync(join(checkout, "docs"))
      .filter((file) => file.endsWith(".md") && file !== "reference.md")
      .map((file) => `docs/${file}`);
    const programs = ["README.md", ...pages].flatMap((page) => {
      const text = readFileSync(join(checkout, page), "utf8");
      // Without an import it is a part of a program.
      return [...text.matchAll(/```ts\n(import [^]*?)```/g)].map(([, program = ""]) => program);
    });
    expect(programs.length).toBeGreaterThanOrEqual(5);
    expect(await compile(programs, "node10", "commonjs", false)).toBe("");
  });

  it("are checked", async () => {
    const wrong = PROGRAM.replace('"192.168.10.2"', "42");
    const said = await compile([wrong], "node10", "commonjs", false);
    expect(said).toMatch(/Type 'number' is not assignable to type 'string'/);
  });
});

/** Prints what is registered by loading the package, then by components. */
const COUNT = `
const pulumi = require("@pulumi/pulumi");
const seen = [];
const newResource = (args) => (seen.push(args.type), { id: args.name, state: args.inputs });
pulumi.runtime.setMocks({ newResource, call: () => ({}) }, "p", "s", true).then(async () => {
  const settle = () => new Promise((resolve) => setTimeout(resolve, 300));
  const { GuestImage, OvsBridge } = require("vxlab");
  await settle();
  const loading = seen.length;
  new GuestImage("image", { labId: "aa00" });
  const host = { address: "10.0.0.1", hostKey: "ssh-ed25519 AAAA", privateKey: "none" };
  const { bridge } = new OvsBridge("b", { labId: "aa00", host, mac: "0a:00:00:00:00:01" });
  await new Promise((resolve) => bridge.apply(resolve));
  await settle();
  console.log(JSON.stringify({ loading, types: [...new Set(seen)].sort() }));
});
`;

describe("the declarations that a program sees", () => {
  /** Those that the entry leads to, whichever way. */
  function reached(file: string, seen = new Map<string, string>()): Map<string, string> {
    const text = readFileSync(file, "utf8");
    seen.set(file, text);
    for (const [, path = ""] of text.matchAll(/from "(\.[^"]+)"|import\("(\.[^"]+)"\)/g)) {
      const target = join(file, "..", path);
      // A folder is its index.
      const next = [`${target}.d.ts`, join(target, "index.d.ts")].find((one) => existsSync(one)) ?? target;
      if (path !== "" && !seen.has(next)) reached(next, seen);
    }
    return seen;
  }
  const declarations = reached(join(own, "dist", "components", "index.d.ts"));
  const named = [...declarations].map(([file, text]) => [file.slice(own.length + 1), text] as const);

  it.each(named)("%s has nothing private in it", (_file, text) => {
    expect(text.match(/^\s+(private|protected) \w.*$|^.*(#private|@internal)\b.*$/gm) ?? []).toEqual([]);
  });

  const text = named.map(([, one]) => one).join("\n");
  const folder = join(own, "dist", "components");
  const entry = readFileSync(join(folder, "index.d.ts"), "utf8");
  // What it exports of a file as a whole, that file names.
  const lists = [...entry.matchAll(/^export \* from "(\.[^"]+)"/gm)].map(([, path = ""]) =>
    readFileSync(join(folder, `${path}.d.ts`), "utf8"),
  );
  const exported = new Set(
    [...[entry, ...lists].join("\n").matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(
      ([, names = ""]) => names.match(/\w+/g) ?? [],
    ),
  );
  /** Classes, functions, interfaces and enums that a program can import, each with its comment. */
  const documented = [
    ...text.matchAll(
      /(?:(\/\*\*(?:(?!\*\/)[^])*\*\/)\s*)?^export (?:declare (?:class|function|enum)|interface) (\w+)/gm,
    ),
  ].filter(([, , name = ""]) => exported.has(name));

  it("have an example for every class, function, interface and enum", () => {
    const without = documented.filter(([, comment = ""]) => !comment.includes("@example"));
    expect(without.map(([, , name]) => name)).toEqual([]);
    expect(documented.length).toBeGreaterThan(75);
  });

  it("have examples that compile", async () => {
    const names = documented.map(([, , name]) => name);
    const examples = documented.map(([, comment = ""]) => {
      const [, code = ""] = /@example\s+\* ```ts\n((?:(?!```)[^])*)```/.exec(comment) ?? [];
      return `async () => {\n${code.replace(/^\s*\* ?(export )?/gm, "")}};`;
    });
    const head = [
      'import * as pulumi from "@pulumi/pulumi";',
      `import { ${names.join(", ")} } from "vxlab";`,
      "declare const kvm1: KvmHost, kvm2: KvmHost, bridge: pulumi.Output<string>, secret: pulumi.Output<string>;",
      "declare const c1: LxcContainer, c2: LxcContainer;",
    ];
    expect(await compile([[...head, ...examples].join("\n")], "node10", "commonjs", false)).toBe("");
  });
});

describe("loading it", () => {
  it("registers nothing; a component registers its resources, guest tools included", async () => {
    writeFileSync(join(app, "count.cjs"), COUNT);
    const said = JSON.parse(good(await run("node", ["count.cjs"], { cwd: app, timeout: 60 }))) as {
      loading: number;
      types: string[];
    };
    expect(said.loading).toBe(0);
    expect(said.types).toEqual(
      expect.arrayContaining(["vxlab:index:OvsBridge", "command:remote:Command", "libvirt:index/pool:Pool"]),
    );
  });

  it("works for a program of ES modules", async () => {
    const script = 'import { VxlanLab, Accel } from "vxlab"; console.log(typeof VxlanLab, Accel.Kvm)';
    const words = ["--input-type=module", "-e", script];
    expect(good(await run("node", words, { cwd: app, timeout: 60 })).trim()).toBe("function kvm");
  });
});
