/** Overlays read underlay stacks through the real engine: what is there, what is not yet, and what must be refused. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { wireguardFromSeed } from "../../plan/keys";
import { planOverlay } from "../../plan/peers";
import { ENCRYPTED_VTEPS_SCHEMA, VTEPS_SCHEMA } from "../../plan/vteps";
import type { Result } from "../../system/process";
import { normal } from "./golden/normal";
import { standOverlay } from "./golden/overlay";
import { change } from "../lib/changes";
import { good, Project } from "../lib/project";
import { ownPlace, secret, writeOutputs } from "../lib/written-state";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";
const LOGIN = "-----BEGIN OPENSSH PRIVATE KEY-----\nnever shown\n-----END OPENSSH PRIVATE KEY-----\n";

const underlay = (hosts: Record<string, string>, schema: number = VTEPS_SCHEMA) => ({
  vteps: {
    schema,
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([name, address]) => {
        const ssh = { address, port: 22, user: "root" };
        return [name, { address, mtu: 1500, hostKey: KEY, machine: `${name}-1`, ssh }];
      }),
    ),
  },
  login: secret(Object.fromEntries(Object.keys(hosts).map((name) => [name, LOGIN]))),
});

const OVERLAY = {
  role: "overlay",
  underlayStack: "underlay-a",
  peers: ["underlay-b"],
  hosts: {},
  segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
  containers: { c1: { host: "a1", address: "10.0.3.10/24" } },
};

let project: Project;

beforeAll(async () => {
  project = await Project.create("stacks");
  // Sets the toolchain up out of the shared cache.
  good(await project.vxlab(["preview"]));
  good(await project.pulumi(["stack", "init", "overlay-a", "--no-select"]));
});

beforeEach(async () => {
  project.configure(OVERLAY, "overlay-a");
  await writeOutputs(project, "underlay-a", underlay({ a1: "192.168.10.11" }));
});

afterAll(() => project?.destroy());

const preview = (): Promise<Result> => project.pulumi(["preview", "--diff", "--stack", "overlay-a"]);
const all = ({ stdout, stderr }: Result) => (stdout + stderr).replace(/\s+/g, " ");
/** Addresses of the VXLAN port's remotes. */
const remotes = (text: string): string[] => {
  const list = /remotes ?: \[(.*?)\]\s*(?:udpPort|vni|segment|vlan)/.exec(text)?.[1] ?? "";
  return [...list.matchAll(/"([0-9a-f.:]+)"/g)].map(([, address]) => address ?? "");
};

describe("a peer", () => {
  it("whose stack is not there yet is named with the cure, and the rest is deployed", async () => {
    const result = await preview();
    expect(all(result)).toContain("warning: No tunnels to a peer: there is no stack underlay-b.");
    expect(all(result)).toContain("Run `up` here again after the peer's owner has deployed it");
    expect(result.code).toBe(0);
    expect(all(result)).toMatch(/vxlab:index:LxcContainer: \(create\)/);
    expect(remotes(all(result))).toEqual([]);
  });

  it("whose stack has no outputs yet is the same", async () => {
    await writeOutputs(project, "underlay-b", {});
    const result = await preview();
    expect(all(result)).toContain(
      'warning: No tunnels to a peer: the stack underlay-b has no output "vteps"',
    );
    expect(result.code).toBe(0);
    expect(remotes(all(result))).toEqual([]);
  });

  it("that is up gets tunnels, to all of its hosts", async () => {
    await writeOutputs(project, "underlay-b", underlay({ b1: "192.168.20.11", b2: "192.168.20.12" }));
    const text = all(await preview());
    expect(remotes(text)).toEqual(["192.168.20.11", "192.168.20.12"]);
    expect(text).not.toContain("warning");
  });

  it("of another project is read by its full name", async () => {
    project.configure(
      { ...OVERLAY, peers: ["organization/vxlab/underlay-b", "organization/other/u"] },
      "overlay-a",
    );
    const text = all(await preview());
    expect(remotes(text)).toEqual(["192.168.20.11", "192.168.20.12"]);
    expect(text).toContain("there is no stack organization/other/u.");
  });

  it("that speaks a newer contract is refused, for its tunnels work", async () => {
    await writeOutputs(project, "underlay-b", underlay({ b1: "192.168.20.11" }, ENCRYPTED_VTEPS_SCHEMA + 1));
    const result = await preview();
    expect(all(result)).toContain(
      `The output "vteps" of the stack underlay-b has version ${ENCRYPTED_VTEPS_SCHEMA + 1}`,
    );
    expect(all(result)).toContain("Nothing was changed: use the newer vxlab for this stack too");
    expect(result.code).not.toBe(0);
  });

  it("that was removed again is the same as one that never was", async () => {
    good(await project.pulumi(["stack", "rm", "underlay-b", "--yes", "--preserve-config"]));
    const result = await preview();
    expect(all(result)).toContain("there is no stack underlay-b.");
    expect(result.code).toBe(0);
  });
});

describe("an overlay that stands", () => {
  const peers = { b1: "192.168.20.11", b2: "192.168.20.12" };
  const host = { address: "192.168.10.11", hostKey: KEY, privateKey: LOGIN };
  const blue = { vni: 200, vlan: 20, subnet: "10.0.4.0/24", hosts: ["a1"] };
  const containers = { c1: { ...OVERLAY.containers.c1, segment: "red" } };
  const sections = { hosts: {}, segments: { ...OVERLAY.segments, blue }, containers };
  const settle = async () => {
    project.configure({ ...OVERLAY, ...sections }, "overlay-a");
    await writeOutputs(project, "underlay-b", underlay(peers));
  };

  beforeEach(settle);
  // What comes after has to do with a peer that speaks as we do.
  afterAll(settle);

  /** Beside these the other stacks are read, by a provider of the engine's own. */
  const changes = (steps: readonly string[]) =>
    steps.filter((step) => !/^(read |create default$)/.test(step));

  it("has no changes", async () => {
    const plan = planOverlay({
      own: { stack: "underlay-a", vteps: underlay({ a1: host.address }).vteps },
      peers: [{ stack: "underlay-b", vteps: underlay(peers).vteps }],
      ...{ identity: "vxlab/overlay-a", sections },
    });
    await standOverlay(project, "overlay-a", host, plan);
    expect(good(await preview())).toMatch(/Resources:\s+\d+ unchanged\s*$/);
  });

  it("changes the tunnels to a peer's VTEP that moved, and nothing else", async () => {
    await writeOutputs(project, "underlay-b", underlay({ ...peers, b1: "192.168.20.99" }));
    const told = await change(project, ["preview", "--diff", "--stack", "overlay-a"]);
    const said = normal(good(told), project);
    const golden = join(__dirname, "golden", "peer-address.txt");
    if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(golden, said);
    expect(said).toBe(readFileSync(golden, "utf8"));
    const changed = ["overlay", "overlay-a1-red", "overlay-a1-red-step"].map((name) => `update ${name}`);
    expect(changes(told.steps)).toEqual(changed);
  });

  it("keeps its tunnels to a peer that speaks a newer contract by now", async () => {
    await writeOutputs(project, "underlay-b", underlay(peers, ENCRYPTED_VTEPS_SCHEMA + 1));
    const told = await change(project, ["preview", "--diff", "--stack", "overlay-a"]);
    expect(told.code).not.toBe(0);
    expect(all(told)).toContain(
      `The output "vteps" of the stack underlay-b has version ${ENCRYPTED_VTEPS_SCHEMA + 1}`,
    );
    expect(changes(told.steps)).toEqual([]);
  });
});

describe("./vxlab preview of two overlays that stand", () => {
  const sections = (host: string, vni: number, address: string) => ({
    hosts: {},
    segments: { red: { vni, subnet: "10.0.3.0/24" } },
    containers: { [`c-${host}`]: { host, address, segment: "red" } },
  });
  const stacks = {
    "overlay-a": {
      own: "underlay-a",
      host: "a1",
      vtep: "192.168.10.11",
      parts: sections("a1", 100, "10.0.3.10/24"),
    },
    "overlay-b": {
      own: "underlay-b",
      host: "b1",
      vtep: "192.168.20.11",
      parts: sections("b1", 200, "10.0.3.20/24"),
    },
  };
  const named = Object.entries(stacks);
  const settle = () => {
    for (const [stack, { own, parts }] of named)
      project.configure({ role: "overlay", underlayStack: own, ...parts }, stack);
  };
  const ask = async (...words: string[]): Promise<Result> => {
    const env = { NO_COLOR: "1" };
    const flags = named.flatMap(([stack]) => ["-s", stack]);
    return project.vxlab(["preview", "--no-drift", ...flags, ...words], { env });
  };

  beforeAll(async () => {
    settle();
    for (const [stack, { own, host, vtep, parts }] of named) {
      const told = underlay({ [host]: vtep });
      await writeOutputs(project, own, told);
      const plan = planOverlay({
        own: { stack: own, vteps: told.vteps },
        peers: [],
        ...{ identity: `vxlab/${stack}`, sections: parts },
      });
      await standOverlay(project, stack, { address: vtep, hostKey: KEY, privateKey: LOGIN }, plan);
    }
  });

  const NOTHING = [
    "stack overlay-a:",
    "no changes, 9 unchanged",
    "",
    "stack overlay-b:",
    "no changes, 9 unchanged",
  ];
  const EDITED = ["stack overlay-b:", "~ b1: segment red: VNI 200 → 300", "  6 unchanged"];
  const edit = (change: object) => {
    settle();
    const { own, parts } = stacks["overlay-b"];
    project.configure({ role: "overlay", underlayStack: own, ...parts, ...change }, "overlay-b");
  };

  it("ends with the words of both, by name, also where nothing changes", async () => {
    settle();
    const { code, stdout, stderr } = await ask();
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n").slice(-6)).toEqual(["", ...NOTHING]);
    // Pulumi's lists come before.
    expect(stdout.indexOf("Previewing update (overlay-b)")).toBeLessThan(stdout.indexOf("stack overlay-a:"));
    expect(stderr).not.toContain("unchanged");
  });

  it("names the changes of the one that was edited", async () => {
    edit({ segments: { red: { vni: 300, subnet: "10.0.3.0/24" } } });
    const { stdout } = await ask("--diff");
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(-6)).toEqual([...NOTHING.slice(0, 3), ...EDITED]);
    const [first, second] = [lines.indexOf("stack overlay-a:"), lines.indexOf("stack overlay-b:")];
    const diff = lines.findIndex((line) => /~ vni *: 200 => 300/.test(line));
    expect(first).toBeLessThan(second);
    expect(second).toBeLessThan(diff);
  });

  it("says which settings are refused, and what the other would change", async () => {
    edit({ containers: { c: { host: "b9", address: "10.0.3.20/24", segment: "red" } } });
    const { code, stdout } = await ask();
    expect(code).toBe(2);
    expect(stdout.trimEnd().split("\n").slice(-4)).toEqual([
      ...NOTHING.slice(0, 3),
      "stack overlay-b: no preview, see above",
    ]);
    const json = await ask("--json");
    expect([json.code, json.stdout]).toEqual([2, ""]);
    expect(json.stderr).toMatch(/\nstack overlay-b:\n\nThe lab's settings have 1 problem/);
  });

  it("is what up says before it changes anything: nothing, where all is as it was", async () => {
    settle();
    const flags = named.flatMap(([stack]) => ["-s", stack]);
    const { code, stdout, stderr } = await project.vxlab(["up", "--no-verify", "--no-drift", ...flags]);
    expect([code, stdout]).toEqual([0, ""]);
    const lines = stderr.split("\n").filter((line) => /^(libvirt|stack)\b/.test(line));
    expect(lines).toEqual([
      expect.stringMatching(/^libvirt: embedded, /),
      ...["stack overlay-a: 9 unchanged", "stack overlay-b: 9 unchanged"],
      ...["stack overlay-a: a second preview shows no changes"],
      ...["stack overlay-b: a second preview shows no changes"],
    ]);
  });
});

describe("the own underlay", () => {
  it("that is not up is said, with the command, and nothing is changed", async () => {
    await writeOutputs(project, "underlay-a", {});
    const result = await preview();
    expect(all(result)).toContain(
      "The overlay's own underlay is not deployed: the stack underlay-a has no output",
    );
    expect(all(result)).toContain("First run ./vxlab up -s underlay-a");
    expect(result.code).not.toBe(0);
  });

  it("that lets nobody in is said", async () => {
    const { vteps } = underlay({ a1: "192.168.10.11" });
    await writeOutputs(project, "underlay-a", { vteps });
    expect(all(await preview())).toContain("The keys to the hosts of underlay-a cannot be read.");
  });

  it("keeps its keys out of what is shown", async () => {
    const result = await project.pulumi(["preview", "--diff", "--json", "--stack", "overlay-a"]);
    expect(result.stdout).toContain("192.168.10.11");
    expect(all(await preview()) + all(result)).not.toContain("never shown");
  });
});

describe("a stack of another owner", () => {
  const another = () => ({ ...ownPlace(project), passphrase: "another owner's" });

  it.each([
    ["another passphrase", "underlay-c", another, false],
    ["the same passphrase", "underlay-d", () => ownPlace(project), true],
  ])(
    "with %s gets tunnels; its login keys can be read only with the same",
    async (_, peer, place, readable) => {
      const login = secret({ p1: "the peer's key" });
      await writeOutputs(project, peer, { ...underlay({ p1: "192.168.30.11" }), login }, place());
      project.configure({ ...OVERLAY, peers: [peer] }, "overlay-a");
      const result = await project.pulumi(["preview", "--diff", "--show-secrets", "--stack", "overlay-a"]);
      expect(result.code).toBe(0);
      expect(remotes(all(result))).toContain("192.168.30.11");
      expect(all(result)).not.toContain("warning");
      expect(all(result).includes("the peer's key")).toBe(readable);
    },
  );

  it("with another passphrase is no ground for an own overlay: refused, with the cure", async () => {
    await writeOutputs(project, "underlay-c", underlay({ a1: "192.168.30.11" }), another());
    project.configure({ ...OVERLAY, underlayStack: "underlay-c", peers: [] }, "overlay-a");
    const result = await preview();
    expect(all(result)).toContain("The keys to the hosts of underlay-c cannot be read. Nothing was changed");
    expect(all(result)).toContain("Give the overlay and its underlay the same passphrase");
    expect(result.code).not.toBe(0);
  });
});

describe("encryption between owners", () => {
  const [mine, theirs] = [
    wireguardFromSeed(new Uint8Array(32).fill(1)),
    wireguardFromSeed(new Uint8Array(32).fill(2)),
  ];
  const sealed = (name: string, address: string, inside: string, { publicKey, privateKey }: typeof mine) => {
    const { vteps, login } = underlay({ [name]: address }, ENCRYPTED_VTEPS_SCHEMA);
    const encryption = { address: inside, publicKey, port: 51820 };
    const hosts = Object.fromEntries(
      Object.entries(vteps.hosts).map(([key, host]) => [key, { ...host, encryption }]),
    );
    return { vteps: { ...vteps, hosts }, login, tunnelKeys: secret({ [name]: privateKey }) };
  };
  const write = async () => {
    await writeOutputs(project, "underlay-a", sealed("a1", "192.168.10.11", "10.255.10.11", mine));
    const peer = sealed("b1", "192.168.20.11", "10.255.20.11", theirs);
    await writeOutputs(project, "underlay-e", peer, { ...ownPlace(project), passphrase: "another owner's" });
    project.configure({ ...OVERLAY, peers: ["underlay-e"] }, "overlay-a");
  };

  it("needs the public keys in the outputs alone, and shows no private one", async () => {
    await write();
    const result = await project.pulumi(["preview", "--diff", "--json", "--stack", "overlay-a"]);
    const text = all(await preview()) + all(result);
    expect(result.code).toBe(0);
    expect(text).toContain(theirs.publicKey);
    expect(text).toContain("10.255.20.11");
    expect(text).not.toContain(mine.privateKey);
    expect(text).not.toContain(theirs.privateKey);
    // The control: it is there, for whoever asks for secrets; the peer's has another passphrase.
    const shown = all(await project.pulumi(["preview", "--diff", "--show-secrets", "--stack", "overlay-a"]));
    expect([shown.includes(mine.privateKey), shown.includes(theirs.privateKey)]).toEqual([true, false]);
  });

  it("of one owner alone is refused, with the names of two hosts", async () => {
    await write();
    await writeOutputs(project, "underlay-b", underlay({ b1: "192.168.20.11" }));
    project.configure(OVERLAY, "overlay-a");
    const result = await preview();
    expect(all(result)).toContain("a1 encrypts its tunnels, and underlay-b/b1 does not");
    expect(result.code).not.toBe(0);
  });
});

describe("settings of a role", () => {
  it.each([
    [{ role: "overlai" }, "role: got", "Did you mean overlay?"],
    [{ role: "overlay", underlayStack: "a b" }, "underlayStack: got", "Write the name of an underlay stack"],
    [{ role: "overlay" }, "underlayStack: got nothing", "an overlay is deployed on an underlay stack"],
    [{ ...OVERLAY, peers: ["underlay-a"] }, "peers[0]: got", "Is this overlay's own underlay."],
    [{ peers: ["underlay-b"] }, "peers: got", "add role: overlay"],
    [{ ...OVERLAY, hosts: { a2: {} } }, "hosts.a2: got", "Did you mean a1?"],
  ])("%j are refused", async (settings, path, said) => {
    project.configure(settings, "overlay-a");
    const result = await preview();
    expect(all(result)).toContain(path);
    expect(all(result)).toContain(said);
    expect(result.code).not.toBe(0);
  });
});
