/** The real CLI without machines: what a preview refuses, what it needs, and how it is reached from a shell. */
import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../cli/commands/doctor";
import { Exit } from "../../cli/exit";
import { imageCache } from "../../image/image";
import { without } from "../lib/fake-path";
import { leaksIn, textsBelow } from "../lib/leaks";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { stateOf } from "../lib/state";
import { temporary } from "../lib/temporary";
import type { Result } from "../../system/process";

let project: Project;
/** Of the first preview: a home folder of its own, and what it wrote to the copy outside of .vxlab/. */
let home: string;
let written: string[];

/** Of the user, in place of folders below HOME. */
const XDG = ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];

beforeAll(async () => {
  project = await Project.create("engine");
  home = temporary("home");
  const before = files(project.root);
  // The first one sets the toolchain up out of the shared cache, and makes the stack.
  const unset = Object.fromEntries(XDG.map((name) => [name, undefined]));
  const env = { ...unset, HOME: home, VXLAB_CACHE: project.paths.cache };
  good(await project.vxlab(["preview"], { env }));
  written = files(project.root).filter((one) => !before.includes(one));
});

/** Each as it is now: what is written to is another one. */
const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !/^(\.vxlab|node_modules)(\/|$)/.test(name))
    .map((name) => ({ name, ...statSync(join(folder, name)) }))
    .map(({ name, size, mtimeMs }) => `${name} ${size} ${mtimeMs}`);

afterAll(() => project?.destroy());

describe("the first preview of a checkout", () => {
  it("writes nothing to the home folder: the cache can be elsewhere", () =>
    expect(readdirSync(home, { recursive: true })).toEqual([]));

  it("writes to the checkout the stack's settings, which git ignores, and else below .vxlab/", () =>
    expect(written.map((one) => one.split(" ")[0])).toEqual(["Pulumi.lab.yaml"]));

  it("leaves none of Pulumi's own logs, which are written if they are wanted", async () => {
    const logs = join(project.paths.pulumiHome, "logs");
    expect(statSync(logs).isFile()).toBe(true);
    good(await project.pulumi(["stack", "ls"], { env: { VXLAB_PULUMI_LOGS: "1" } }));
    expect(readdirSync(logs)).not.toEqual([]);
    good(await project.pulumi(["stack", "ls"]));
    expect(statSync(logs).isFile()).toBe(true);
  });
});

describe("doctor", () => {
  const SOURCES: Record<string, string> = {
    installed: "the vendor's, installed on this machine",
    vendor: "the vendor's download",
    built: "built here from Go modules",
    "stand-in": "vxlab's stand-in (packages/pulumi-stand-ins)",
  };
  const APT = "apt-get install -y --no-install-recommends genisoimage";

  it("finds nothing missing, and says where each piece is from", async () => {
    const text = good(await project.vxlab(["doctor"]));
    const report = JSON.parse(good(await project.vxlab(["doctor", "--json"]))) as Report;
    expect(report).toMatchObject({ ok: true, libvirt: { mode: "embedded" } });
    expect(report).not.toHaveProperty("install");
    const names = ["pulumi", "language-nodejs", "terraform-provider", "libvirt", "command", "random"];
    expect(report.toolchain.map(({ name }) => name)).toEqual(names);
    for (const { name, version, source, path } of report.toolchain) {
      expect(existsSync(path), path).toBe(true);
      const line = text.split("\n").find((one) => one.startsWith(`  ${name} `) && one.endsWith(path));
      expect(line?.replace(/ +/g, " ")).toBe(` ${name} ${version} ${SOURCES[source]} ${path}`);
    }
    expect(text).toMatch(/^libvirt\n {2}embedded: qemu\+unix:/m);
    expect(text).toMatch(/\nnothing is missing\n$/);
  });

  it("names what is missing, the cure, and one line for all", async () => {
    const env = { PATH: without("mkisofs") };
    const { code, stdout } = await project.vxlab(["doctor"], { env });
    expect(code).toBe(Exit.failed);
    expect(stdout).toMatch(/^ {2}MISSING +mkisofs +apt-get install genisoimage \(for seed disks/m);
    expect(stdout.trimEnd().split("\n").slice(-2)).toEqual([
      "something is missing: see above",
      `install everything that a lab needs, as root: ${APT}`,
    ]);
    const json = await project.vxlab(["doctor", "--json"], { env });
    expect(json.code).toBe(Exit.failed);
    const report = JSON.parse(json.stdout) as Report;
    expect(report).toMatchObject({ ok: false, install: APT });
    expect(report.requirements.filter((one) => one.needed && !one.ok)).toEqual([
      expect.objectContaining({ program: "mkisofs", cure: "apt-get install genisoimage" }),
    ]);
  });
});

/** Bad in every way that the settings know, each with what the message has to say: path, value, cure. */
const BAD = {
  hostz: {},
  bootTimeout: 5,
  accel: "magic",
  image: { path: "/no/such/image.qcow2" },
  underlay: { cidr: "192.168.10.0/24", mtu: 100 },
  hosts: {
    kvm1: { address: "192.168.10.156", mac: "01:00:5e:00:00:01" },
    kvm2: { address: "192.168.10.156", adress: "x" },
    "a-name-that-is-too-long": { address: "192.168.11.5" },
    kvm4: { address: "192.168.10.300", bridge: "sixteen-bytes-xx" },
    kvm5: { address: "192.168.10.5", mac: "52:54:00:00:00:01" },
    kvm6: { address: "192.168.10.6", mac: "52:54:00:00:00:01" },
  },
  segments: {
    red: { vni: 0, subnet: "10.0.3.0/24" },
    blue: { vni: 2 ** 24, subnet: "10.0.4.0/24", vlan: 7 },
    green: { vni: "10", subnet: "10.0.5.0/24", vlan: 8 },
  },
  containers: {
    c1: { host: "kvm9", segment: "red", address: "10.0.3.10/24" },
    c2: { host: "kvm1", segment: "red", address: "10.9.9.9/24" },
  },
};
const FAULTS: [path: string, got: string, cure: string][] = [
  ["hostz", "{}", "Did you mean hosts?"],
  ["hosts.kvm2.adress", '"x"', "Did you mean address?"],
  ["underlay.mtu", "100", "Write a number from 1280 to 9216."],
  ["hosts.a-name-that-is-too-long", '"a-name-that-is-too-long"', "Rename the host"],
  ["hosts.a-name-that-is-too-long.address", '"192.168.11.5"', "Write a free address of 192.168.10.2"],
  ["hosts.kvm4.address", '"192.168.10.300"', "Write a free address of 192.168.10.2"],
  ["hosts.kvm4.bridge", '"sixteen-bytes-xx"', "at most 15 bytes"],
  ["hosts.kvm2.address", '"192.168.10.156"', "Give each host an address of its own."],
  ["segments.red.vni", "0", "Write a number from 1 to 16777215."],
  ["segments.blue.vni", "16777216", "Write a number from 1 to 16777215."],
  ["segments.green.vni", '"10"', "Write it as a number, without quotes"],
  ["containers.c1.host", '"kvm9"', "Did you mean kvm1?"],
  ["containers.c2.address", '"10.9.9.9/24"', "from 10.0.3.1 to 10.0.3.254 with /24"],
  ["hosts.kvm1.mac", '"01:00:5e:00:00:01"', "Write another address"],
  ["hosts.kvm6.mac", '"52:54:00:00:00:01"', "Give one of the two an address of its own."],
  ["image.path", '"/no/such/image.qcow2"', "correct the path"],
  ["accel", '"magic"', "Write one of: auto, kvm, qemu."],
  ["bootTimeout", "5", "Write a number from 30 to 3600."],
];

describe("settings that are wrong in eighteen places", () => {
  let refusals: [string, Result][];
  beforeAll(async () => {
    project.configure(BAD);
    refusals = [
      ["vxlab preview", await project.vxlab(["preview"])],
      ["pulumi preview", await project.pulumi(["preview"])],
      ["vxlab up", await project.vxlab(["up"])],
      ["vxlab --verbose preview", await project.vxlab(["--verbose", "preview"])],
    ];
  });
  afterAll(() => project.configure({}));

  it.each(FAULTS)("are refused at %s, with the value and the cure", (path, got, cure) => {
    for (const [command, { stdout, stderr }] of refusals) {
      const paragraph = paragraphs(stdout + stderr).find((text) => text.startsWith(`${path}: got ${got} `));
      expect([command, paragraph]).toEqual([command, expect.stringContaining(cure)]);
    }
  });

  it("are told as many times as there are faults, all in one message", () => {
    for (const [command, { stdout, stderr }] of refusals) {
      // Twice is Pulumi's way: as it comes, and again in the summary.
      const heads = (stdout + stderr).matchAll(/The lab's settings have (\d+) problems/g);
      const counts = new Set([...heads].map(([, count]) => Number(count)));
      expect([command, ...counts]).toEqual([command, FAULTS.length]);
    }
  });

  it.each(["preview", "up"])("are the last that vxlab %s prints, without anything of Pulumi's", (verb) => {
    const [, result] = refusals.find(([command]) => command === `vxlab ${verb}`) ?? [];
    expect(result?.stdout).toBe("");
    const text = result?.stderr ?? "";
    const problems = text.slice(text.indexOf("The lab's settings have"));
    expect(text).not.toMatch(/pulumi:pulumi:Stack|Diagnostics|Resources:|Previewing/);
    const [last, path] = problems.trimEnd().split("\n").slice(-1)[0]?.split(": ") ?? [];
    expect([last, path]).toEqual(["full output", join(project.paths.logs, `${verb}.log`)]);
    expect(problems.match(/^ {2}\S+: got /gm)).toHaveLength(FAULTS.length);
    // What is left out is in the file.
    expect(readFileSync(path ?? "", "utf8")).toMatch(/pulumi:pulumi:Stack/);
  });

  it("come after Pulumi's own with --verbose", () => {
    const [, result] = refusals.find(([command]) => command === "vxlab --verbose preview") ?? [];
    expect(result?.stdout).toMatch(/Previewing update \(lab\)[^]*Diagnostics:[^]*Resources:/);
    expect(result?.stderr).toMatch(/The lab's settings have \d+ problems[^]*full output: \S+\n$/);
  });

  it("end with the exit code that says whose fault it is", () => {
    expect(refusals.map(([command, { code }]) => [command, code])).toEqual([
      ["vxlab preview", 2],
      ["pulumi preview", expect.any(Number)],
      ["vxlab up", 2],
      ["vxlab --verbose preview", 2],
    ]);
    expect(refusals[1]?.[1].code).toBeGreaterThan(0);
  });

  it("touch nothing", async () => {
    const types = (await stateOf(project)).map(({ type }) => type);
    // The engine notes the stack and the plugin that index.ts has it start; neither is a resource of anybody's.
    expect(types.filter((type) => !/^pulumi:(pulumi:Stack|providers:random)$/.test(type))).toEqual([]);
    expect(good(await project.virsh(["list", "--all", "--name"])).trim()).toBe("");
    expect(good(await project.virsh(["pool-list", "--all", "--name"])).trim()).toBe("");
    expect(good(await project.virsh(["net-list", "--all", "--name"])).trim()).toBe("");
  });
});

/** Without the engine's indentation, so that a paragraph is one line. */
function paragraphs(text: string): string[] {
  return text.split(/\n\s*\n/).map((part) => part.replace(/\s+/g, " ").trim());
}

describe("a preview", () => {
  it("needs no guest image, and builds none", async () => {
    // Another recipe: an image that nobody has built.
    appendFileSync(join(project.root, "image", "recipe", "packages"), "# a test\n");
    const print = good(await project.run(join(project.root, "image", "build.sh"), ["--print", imageCache()]));
    const { root } = JSON.parse(print) as { root: string };
    expect(existsSync(root)).toBe(false);
    const built = readdirSync(imageCache());
    const { stdout } = await project.pulumi(["preview"]);
    expect(stdout).toMatch(/\+ 3\d to create/);
    expect(existsSync(root)).toBe(false);
    expect(readdirSync(imageCache()).filter((name) => !built.includes(name))).toEqual([]);
  });

  it("warns of what works and may not be meant", async () => {
    project.configure({ hosts: { kvm1: { address: "192.168.10.156" } }, containers: {} });
    const { code, stdout, stderr } = await project.vxlab(["preview"]);
    project.configure({});
    expect(code).toBe(0);
    expect((stdout + stderr).replace(/\s+/g, " ")).toContain(
      'warning: hosts.kvm1 ("kvm1"): Is the only host, so no segment has a tunnel. Add a second host',
    );
  });

  it("says what would be, in words of the lab", async () => {
    const text = good(await project.pulumi(["preview", "--diff"]));
    expect(text).toMatch(/vxlab:index:VxlanPort/);
    expect(text).toMatch(/vni\s*: 100/);
    expect(text).toMatch(/remotes\s*: \[\s*\[0\]: "192.168.10.222"/);
    expect(text).not.toMatch(/BEGIN OPENSSH|privateKey\s*: "/);
  });
});

describe("a secret environment variable", () => {
  const canary = `canary-${randomBytes(8).toString("hex")}`;
  const c1 = { host: "kvm1", kind: "docker", image: "debian:12", env: { MODE: "demo" } };
  const secret = async (path: string) =>
    good(await project.pulumi(["config", "set", "--secret", "--path", `vxlab:${path}`, canary]));
  beforeAll(() => project.configure({ image: { kind: "docker" }, containers: { c1 } }));
  afterAll(() => project.configure({}));

  it("is in no preview, which shows all else of its container", async () => {
    await secret("containers.c1.env.TOKEN");
    const previews = {
      diff: good(await project.pulumi(["preview", "--diff"])),
      json: good(await project.pulumi(["preview", "--json"])),
      vxlab: good(await project.vxlab(["preview"])),
      ...textsBelow(project.paths.dot, ["pulumi-home"]),
      settings: readFileSync(join(project.root, "Pulumi.lab.yaml"), "utf8"),
    };
    expect(leaksIn(previews, { canary })).toEqual([]);
    expect(previews.diff).toMatch(/TOKEN *: \[secret\]/);
    expect(previews.diff).toMatch(/image *: "debian:12"/);
    expect(previews.settings).toMatch(/TOKEN:\s*\{?\s*secure: '?v1:/);
  });

  it("would be in the previews without the mark", async () => {
    project.configure({
      image: { kind: "docker" },
      containers: { c1: { ...c1, env: { TOKEN: canary } } },
    });
    const diff = good(await project.pulumi(["preview", "--diff"]));
    expect(leaksIn({ diff }, { canary })).toEqual(["diff: canary"]);
  });

  it.each(["containers.c1.image", "segments.red.subnet", "hosts.kvm1.address"])(
    "is all that can be secret: %s is refused without its value",
    async (path) => {
      const hosts = { kvm1: { address: "192.168.10.156" } };
      const red = { vni: 100, subnet: "10.0.3.0/24" };
      project.configure({ image: { kind: "docker" }, hosts, segments: { red }, containers: { c1 } });
      await secret(path);
      const { code, stdout, stderr } = await project.vxlab(["preview"]);
      const text = stdout + stderr;
      expect(code).toBe(2);
      const [name = ""] = path.startsWith("containers") ? [path] : path.split(".");
      const said = paragraphs(text).filter((one) => one.startsWith(`${name}: got "[secret]"`));
      expect(said.at(-1)).toContain("Only containers.<name>.env can be secret.");
      expect(leaksIn({ text }, { canary })).toEqual([]);
    },
  );
});

describe("the plain pulumi", () => {
  const shell = (line: string) => project.run("/bin/sh", ["-c", `eval "$(./vxlab env)" && ${line}`]);

  it("finds the project's stack in a shell that took `vxlab env`", async () => {
    const stacks = JSON.parse(good(await shell("pulumi stack ls --json"))) as { name: string }[];
    expect(stacks.map(({ name }) => name)).toEqual(["lab"]);
  });

  it("previews there", async () => {
    expect(good(await shell("pulumi preview --non-interactive"))).toMatch(/\+ 3\d to create/);
  });

  it("works from a folder below the project too", async () => {
    const line = "cd components && pulumi stack --show-name --non-interactive";
    expect(good(await shell(line)).trim()).toBe("lab");
  });
});

describe("down", () => {
  it("leaves nothing of what a preview needed", async () => {
    good(await project.vxlab(["down"]));
    expect(remains(project, [])).toEqual([]);
  });
});
