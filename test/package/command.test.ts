/** The package's command in a program elsewhere, with a Pulumi and a backend that are not the checkout's. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { run } from "../../system/process";
import { referenceLab } from "../cli/fixture";
import { checkout, good } from "../lib/project";
import { temporary } from "../lib/temporary";

const app = inject("app");
const folder = temporary("own program");
const program = join(folder, "program");
/** Nothing of the checkout's but its Pulumi CLI, which is on PATH under its usual name. */
const environment = {
  PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
  HOME: folder,
  PULUMI_HOME: join(folder, "home"),
  PULUMI_BACKEND_URL: `file://${folder}`,
  PULUMI_CONFIG_PASSPHRASE: "of the user's own",
  PULUMI_SKIP_UPDATE_CHECK: "true",
};
const inProgram = (command: string, args: readonly string[], cwd = program) =>
  run(command, args, { cwd, env: environment, timeout: 120 });
const vxlab = (...args: string[]) => inProgram(join(app, "node_modules", ".bin", "vxlab"), args);

/** As an `up` of a program leaves it, but that no host answers: port 1 of this machine is closed. */
function deployed(): object {
  const existing = { sshAddress: "127.0.0.1", port: 1, user: "root" };
  const lab = referenceLab();
  const outputs = { lab: { ...lab, hosts: lab.hosts.map((host) => ({ ...host, existing })) } };
  const urn = "urn:pulumi:dev::mine::pulumi:pulumi:Stack::mine-dev";
  return {
    version: 3,
    deployment: {
      manifest: { time: "2026-01-01T00:00:00Z", magic: "", version: "" },
      resources: [{ urn, custom: false, type: "pulumi:pulumi:Stack", outputs }],
    },
  };
}

beforeAll(async () => {
  mkdirSync(join(folder, "bin"));
  mkdirSync(program);
  const cli = join(checkout, ".vxlab", "toolchain", "pulumi");
  writeFileSync(join(folder, "bin", "pulumi"), `#!/bin/sh\nexec '${cli}' "$@"\n`, { mode: 0o755 });
  writeFileSync(join(program, "Pulumi.yaml"), "name: mine\nruntime: nodejs\n");
  writeFileSync(join(folder, "state.json"), JSON.stringify(deployed()));
  good(await inProgram("pulumi", ["stack", "init", "organization/mine/dev", "--non-interactive"]));
  good(
    await inProgram("pulumi", ["stack", "import", "--file", join(folder, "state.json"), "--non-interactive"]),
  );
});

describe("npx vxlab", () => {
  it("is there with the package, says its version and its commands", async () => {
    const manifest = readFileSync(join(checkout, "package.json"), "utf8");
    const { version } = JSON.parse(manifest) as { version: string };
    expect(good(await vxlab("--version"))).toBe(`vxlab ${version}\n`);
    expect(good(await vxlab("--help"))).toContain("\n  status ");
    expect(good(await vxlab("completion", "bash"))).toContain("complete -o default -F _vxlab vxlab");
  });

  it("reads the lab of the selected stack, and of one that is named in full, from elsewhere", async () => {
    const hosts = JSON.parse(good(await vxlab("inventory", "--json"))) as { name: string }[];
    expect(hosts.map(({ name }) => name)).toEqual(["kvm1", "kvm2"]);
    const words = ["-C", program, "-s", "organization/mine/dev", "graph", "-f", "svg"];
    const svg = good(await inProgram(join(app, "node_modules", ".bin", "vxlab"), words, folder));
    expect(svg).toMatch(/<svg[\s\S]*kvm2[\s\S]*<\/svg>/);
  });

  it("asks the hosts with its own scripts, and tells that they do not answer", async () => {
    const { code, stdout } = await vxlab("status", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false });
    expect(stdout).toContain("Connection refused");
    const verified = await vxlab("verify", "--only", "ssh", "--quiet");
    expect([verified.code, verified.stderr]).toEqual([1, ""]);
    expect(verified.stdout).toMatch(/FAIL +ssh\/kvm1 /);
  });

  it("names the way for what is the checkout's", async () => {
    const { code, stderr } = await vxlab("up");
    expect([code, stderr]).toEqual([
      2,
      "vxlab: up works in vxlab's own checkout only: run pulumi up, then vxlab verify\n",
    ]);
  });
});
