/** The policy pack as the engine runs it at a preview. What each rule refuses in detail is test/policy's matter. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { run, type Result } from "../../system/process";
import { checkout, good } from "../lib/project";

const folder = join(inject("app"), "stacks");
const port = (name: string, inputs: string) =>
  `new v.VxlanPort("${name}", { host, bridge: "vxbr", ${inputs} });`;
const bridge = (name: string, inputs: string) =>
  `new v.OvsBridge("${name}", { host, labId: "aa00", ${inputs} });`;

const GOOD = [
  bridge("b1", 'mac: "0a:00:00:00:00:01", mtu: 1450'),
  bridge("b2", 'mac: "0a:00:00:00:00:02"'),
  port("p1", 'labId: "aa00", vni: 100, local: "10.0.0.1", remotes: ["10.0.0.2"]'),
  port("p2", 'labId: "aa00", vni: 100, local: "10.0.0.2", remotes: ["10.0.0.1"]'),
];

/** Each with the rule that it breaks, and what is said of it. */
const BAD: [rule: string, line: string, said: RegExp][] = [
  [
    "unique-vni",
    port("bad-vni", 'labId: "bb00", vni: 100, local: "10.0.0.3", remotes: []'),
    /VNI 100 is used by more than one lab: aa00, bb00/,
  ],
  [
    "unique-vtep",
    port("bad-vtep", 'labId: "aa00", vni: 7, local: "10.0.0.4", remotes: ["10.0.0.4"]'),
    /bad-vtep has its own VTEP 10\.0\.0\.4 as a remote/,
  ],
  [
    "unique-mac",
    bridge("bad-mac", 'mac: "0A:00:00:00:00:01"'),
    /The MAC 0a:00:00:00:00:01 is used more than once/,
  ],
  [
    "mtu-fits",
    bridge("bad-mtu", 'mac: "0a:00:00:00:00:03", mtu: 1451'),
    /bad-mtu has MTU 1451: with 50 bytes of VXLAN that is 1501, and the underlay takes 1500/,
  ],
  [
    "host-key-pinned",
    'new command.remote.Command("bad-key", { connection: { host: "10.0.0.1" }, create: "true" });',
    /bad-key has no connection\.hostKey/,
  ],
  [
    "private-underlay",
    port("bad-underlay", 'labId: "aa00", vni: 8, local: "10.0.0.5", remotes: ["198.51.100.7"]'),
    /bad-underlay would send unencrypted VXLAN by way of 198\.51\.100\.7/,
  ],
];

const HEAD = `
const v = require("vxlab");
const command = require("@pulumi/command");
const host = { address: "10.0.0.1", hostKey: "ssh-ed25519 AAAA", privateKey: "none" };
`;

function pulumi(words: readonly string[]): Promise<Result> {
  const env = {
    ...process.env,
    PULUMI_HOME: join(checkout, ".vxlab", "pulumi-home"),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "none",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
  };
  const program = join(checkout, ".vxlab", "toolchain", "pulumi");
  return run(program, [...words, "--non-interactive", "--color", "never"], {
    cwd: folder,
    env,
    timeout: 200,
  });
}

async function preview(lines: readonly string[], ...words: string[]): Promise<Result> {
  writeFileSync(join(folder, "index.js"), [HEAD, ...lines].join("\n"));
  return pulumi(["preview", "--policy-pack", "node_modules/vxlab/policy", ...words]);
}

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(inject("app"), "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "stacks", main: "index.js" }));
  const options = { name: "nodejs", options: { typescript: false } };
  writeFileSync(join(folder, "Pulumi.yaml"), JSON.stringify({ name: "stacks", runtime: options }));
  good(await pulumi(["stack", "init", "test"]));
});

describe("a preview with the policy pack", () => {
  it("passes a stack that keeps every rule", async () => {
    expect(good(await preview(GOOD))).toMatch(/✅ vxlab@v[^]*\+ 9 to create/);
  });

  describe("of a stack that breaks every rule", () => {
    let result: Result;
    beforeAll(async () => {
      result = await preview([...GOOD, ...BAD.map(([, line]) => line)]);
    });

    it("fails", () => expect(result.code).not.toBe(0));

    it.each(BAD)("names %s, the resource and the value", (rule, _line, said) => {
      const told = result.stdout.split("- [mandatory]").filter((part) => part.includes(`  ${rule}  `));
      expect(told).toHaveLength(1);
      expect(told[0]?.replace(/\s+/g, " ")).toMatch(said);
    });
  });

  it("takes the underlay's MTU and closed networks from its settings", async () => {
    const settings = {
      "mtu-fits": { underlayMtu: 9000 },
      "private-underlay": { allowed: ["198.51.100.0/24"] },
    };
    writeFileSync(join(folder, "policy.json"), JSON.stringify(settings));
    const lines = BAD.filter(([rule]) => rule in settings).map(([, line]) => line);
    good(await preview([...GOOD, ...lines], "--policy-pack-config", "policy.json"));
  });
});
