/**
 * The package's command on an overlay program of the user's own, on real machines: two programs in a folder outside of the checkout, with
 * the packed package and the checkout's Pulumi and libvirt, as docs/languages.md says. The overlay's own state does not say where its
 * hosts are. The commands run in a network that has nothing at all, so that only a way into the lab's network reaches a host.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { must, type Result } from "../../system/process";
import { checkout, good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { temporary } from "../lib/temporary";
import { within } from "../lib/wait";

const folder = temporary("own-overlay");
const [A1, A2] = ["192.168.10.11", "192.168.10.12"];
/** a1's tunnel to a2. */
const TUNNEL = "vx100-c0a80a0c";

let project: Project;
let env: Record<string, string>;

/** A line of the user's, in a shell at one of the two programs. */
const shell = (
  program: string,
  line: string,
  more: Record<string, string> = {},
  timeout = 600,
): Promise<Result> =>
  project.run("sh", ["-c", `cd '${join(folder, program)}' && ${line}`], {
    env: { ...env, ...more },
    timeout,
  });
const pulumi = (program: string, words: string) => shell(program, `pulumi ${words} --non-interactive`);
/** A network namespace with nothing in it but a loopback interface that is down. */
const npx = (words: string, more: Record<string, string> = {}) =>
  shell("overlay", `unshare --net npx vxlab ${words}`, more, 240);

beforeAll(async () => {
  project = await Project.create("own-overlay");
  const { PATH = "", ...variables } = JSON.parse(good(await project.vxlab(["env", "--json"]))) as typeof env;
  env = { ...variables, PATH: `${PATH}:${process.env["PATH"]}`, npm_config_prefer_offline: "true" };
  await must("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: checkout, timeout: 600 });
  for (const program of ["underlay", "overlay"]) {
    cpSync(join(checkout, "examples", "two-owners", program), join(folder, program), { recursive: true });
    good(await shell(program, "npm install ../vxlab-*.tgz"));
    good(await pulumi(program, "stack init a"));
  }
  configure("underlay", { cidr: "192.168.10.0/24", hosts: { a1: { address: A1 }, a2: { address: A2 } } });
  configure("overlay", {
    underlay: "organization/two-owners-underlay/a",
    peers: [],
    containers: { c1: { host: "a1", address: "10.0.3.10/24" }, c2: { host: "a2", address: "10.0.3.11/24" } },
  });
  good(await pulumi("underlay", "up --yes --skip-preview"));
  good(await pulumi("overlay", "up --yes --skip-preview"));
});

/** The owner's settings, in place of the example's: JSON is YAML. */
function configure(program: string, settings: object): void {
  const file = join(folder, program, "Pulumi.a.yaml");
  const salt = /^encryptionsalt:.*$/m.exec(readFileSync(file, "utf8"))?.[0] ?? "";
  const lines = Object.entries(settings).map(
    ([key, value]) => `  two-owners-${program}:${key}: ${JSON.stringify(value)}`,
  );
  writeFileSync(file, [salt, "config:", ...lines, ""].join("\n"));
}

afterAll(() => project?.destroy());

describe("npx vxlab in an overlay's program", () => {
  it("finds the hosts by the underlay's stack: status, and every check of verify", async () => {
    expect(good(await npx("status"))).toContain("everything is as desired");
    const { ok, checks } = JSON.parse(good(await npx("verify --json"))) as { ok: boolean; checks: unknown[] };
    expect([ok, checks.length > 15]).toEqual([true, true]);
  });

  it("does not find them where only its own state can be read, and says why", async () => {
    const blind = join(folder, "blind");
    const stacks = join(".pulumi", "stacks", "two-owners-overlay");
    mkdirSync(join(blind, stacks), { recursive: true });
    for (const path of [stacks, join(".pulumi", "meta.yaml")])
      cpSync(join(project.paths.state, path), join(blind, path), { recursive: true });
    const words = "-s organization/two-owners-overlay/a status";
    expect(good(await npx(words))).toContain("everything is as desired");
    const { code, stdout, stderr } = await npx(words, { PULUMI_BACKEND_URL: `file://${blind}` });
    expect([code, stdout]).toEqual([1, expect.stringContaining("unreachable")]);
    expect(stderr).toContain("the underlay stack organization/two-owners-underlay/a cannot be read");
  });

  it("runs a command in a container, captures its packets and a host's tunnels", async () => {
    expect(good(await npx("exec c1 -- ping -c 3 -W 5 10.0.3.11"))).toContain(" 0% packet loss");
    const pings = npx("exec c1 -- ping -c 20 -W 5 10.0.3.11");
    const [tunnel, icmp] = await Promise.all([
      npx("capture a2 -c 2 --seconds 60"),
      npx("capture c2 -c 2 --seconds 60 -- icmp"),
    ]);
    good(await pings);
    expect(good(tunnel)).toMatch(/192\.168\.10\.11\S* > 192\.168\.10\.12\S*: VXLAN.* vni 100/);
    expect(good(icmp)).toMatch(/10\.0\.3\.10 > 10\.0\.3\.11: ICMP echo request/);
  });

  it("lists its hosts, and writes what plain ssh needs", async () => {
    const hosts = JSON.parse(good(await npx("inventory --json"))) as object[];
    expect(hosts).toMatchObject([
      { name: "a1", address: A1, segments: ["red"], containers: ["c1"] },
      { name: "a2", address: A2, segments: ["red"], containers: ["c2"] },
    ]);
    const line =
      "npx vxlab inventory --ssh-config --keys ./keys >/dev/null && ssh -F ./keys/ssh_config a2 hostname";
    expect(good(await shell("overlay", `unshare --net sh -c '${line}'`)).trim()).toBe("a2");
  });

  it("names what was changed by hand, which pulumi up then repairs", async () => {
    expect((await npx("drift")).code).toBe(0);
    good(await npx(`ssh a1 -- ovs-vsctl set interface ${TUNNEL} options:remote_ip=192.168.10.77`));
    expect((await npx("exec c1 -- ping -c 3 -W 3 10.0.3.11")).code).not.toBe(0);
    const drift = await npx("drift --map drift.json");
    expect(drift.code).toBe(2);
    expect(drift.stdout).toContain(
      `a1: segment red: tunnel ${TUNNEL}: remote 192.168.10.77 instead of ${A2}`,
    );
    const up = await shell(
      "overlay",
      "VXLAB_REPAIR=$PWD/drift.json pulumi up --yes --skip-preview --non-interactive",
    );
    expect(good(up)).toMatch(/~ 2 updated/);
    expect((await npx("drift")).code).toBe(0);
    good(await npx("exec c1 -- ping -c 3 -W 5 10.0.3.11"));
  });

  it("leaves machines to their underlay: it says how to reboot one, after which everything on it runs again", async () => {
    const boot = async () => (await npx("ssh a1 -- cat /proc/sys/kernel/random/boot_id")).stdout;
    const first = await boot();
    const { code, stderr } = await npx("restart a1");
    const said = "a1 is an existing host, which vxlab does not restart: run vxlab ssh a1 -- reboot";
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    await npx("ssh a1 -- reboot");
    await within(240, "another boot", async () => !["", first].includes(await boot()));
    await within(240, "everything again", async () => (await npx("status")).code === 0);
    good(await npx("exec c1 -- ping -c 3 -W 5 10.0.3.11"));
  });

  it("leaves nothing behind when both are destroyed", async () => {
    const { lab } = JSON.parse(good(await pulumi("overlay", "stack output --json"))) as {
      lab: { id: string };
    };
    expect(lab.id).toMatch(/^[0-9a-f]{8,}$/);
    good(await pulumi("overlay", "destroy --yes --skip-preview"));
    good(await pulumi("underlay", "destroy --yes --skip-preview"));
    good(await project.vxlab(["down"]));
    expect(remains(project, [lab.id])).toEqual([]);
  });
});
