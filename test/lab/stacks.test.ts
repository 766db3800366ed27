/** Two owners, each with an underlay and an overlay stack, on real machines: two and one, on networks of their own. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";

const STACKS = ["overlay-b", "underlay-a", "overlay-a", "underlay-b"];
/** a1's tunnels: to a2, to b1 before and after it moved, and to b2 that joins. */
const TO_A2 = "vx100-c0a80a0c";
const [TO_B1, TO_B1_MOVED, TO_B2] = ["vx100-c0a8140b", "vx100-c0a8140c", "vx100-c0a8140d"];
const SEGMENTS = { red: { vni: 100, subnet: "10.0.3.0/24" } };

let project: Project;

const underlay = (owner: string, cidr: string, hosts: Record<string, object>, more: object = {}) =>
  project.configure(
    { role: "underlay", underlay: { cidr, mode: "routed", ...more }, hosts },
    `underlay-${owner}`,
  );

const overlay = (owner: string, peer: string, containers: object) =>
  project.configure(
    {
      role: "overlay",
      underlayStack: `underlay-${owner}`,
      peers: [`underlay-${peer}`],
      hosts: {},
      segments: SEGMENTS,
      containers,
    },
    `overlay-${owner}`,
  );

const up = (...stacks: string[]) =>
  project.vxlab(["up", "--no-verify", ...stacks.flatMap((stack) => ["-s", stack])], { timeout: 900 });
const ping = (from: string, stack: string, to: string) =>
  project.vxlab(["exec", from, "-s", stack, "--", "ping", "-c", "3", "-W", "2", to], { timeout: 60 });

/** What a1 has, seen without the CLI's own eyes. */
interface Seen {
  /** Port numbers of a1's tunnels, by name. */
  tunnels: Record<string, number>;
  /** First process and MAC of c1. */
  box: string;
}

async function seenOnA1(): Promise<Seen> {
  const look = [
    "for port in $(ovs-vsctl list-ports vxbr); do echo port $port $(ovs-vsctl get interface $port ofport); done",
    "pid=$(lxc-info -P /var/lib/vxlab/containers -n c1 -pH)",
    `echo box $pid $(nsenter -n -t $pid ip -o link show dev eth0 | sed "s/.*ether //; s/ .*//")`,
  ];
  const text = good(await project.vxlab(["ssh", "a1", "-s", "overlay-a", "--", look.join("\n")]));
  const tunnels: Record<string, number> = {};
  for (const [, port = "", ofport] of text.matchAll(/^port (vx\S+) (\d+)$/gm)) tunnels[port] = Number(ofport);
  const [, box] = /^box (\d+ [0-9a-f:]{17})$/m.exec(text) ?? [];
  if (box === undefined) throw new Error(`c1 does not run: ${text}`);
  return { tunnels, box };
}

/** What a plain `pulumi` would do, by its names. */
const pending = async (stack: string) => {
  const { steps } = await change(project, ["preview", "--stack", stack]);
  return steps.filter((step) => !step.startsWith("read "));
};

beforeAll(async () => {
  project = await Project.create("stacks-lab");
  underlay("a", "192.168.10.0/24", { a1: { address: "192.168.10.11" }, a2: { address: "192.168.10.12" } });
  underlay("b", "192.168.20.0/24", { b1: { address: "192.168.20.11" } }, { mtu: 1450 });
  overlay("a", "b", {
    c1: { host: "a1", address: "10.0.3.10/24" },
    c4: { host: "a2", address: "10.0.3.13/24" },
  });
  overlay("b", "a", { c2: { host: "b1", address: "10.0.3.11/24" } });
});

afterAll(() => project?.destroy());

describe("an owner whose peer's stack is not there", () => {
  it("is told so, with the cure, and has all the rest", async () => {
    const said = await up("underlay-a", "overlay-a");
    good(said);
    expect(said.stderr).toContain(
      "No tunnels to a peer: there is no stack underlay-b. Everything else is deployed. When its owner has run up, run up here again",
    );
    expect(good(await ping("c1", "overlay-a", "10.0.3.13"))).toContain(" 0% packet loss");
    expect(Object.keys((await seenOnA1()).tunnels)).toEqual([TO_A2]);
  });
});

describe("two owners' four stacks", () => {
  it("are up after one pass, in whatever order they are named", async () => {
    const said = await up(...STACKS);
    good(said);
    const order = [...said.stderr.matchAll(/^stack (\S+): \d/gm)].map(([, stack]) => stack);
    expect(order).toEqual(["underlay-a", "underlay-b", "overlay-b", "overlay-a"]);
    for (const stack of STACKS)
      expect(said.stderr).toContain(`stack ${stack}: a second preview shows no changes`);
  });

  it("ping each other with the smaller MTU of the two", async () => {
    expect(good(await ping("c1", "overlay-a", "10.0.3.11"))).toContain(" 0% packet loss");
    expect(Object.keys((await seenOnA1()).tunnels)).toEqual([TO_A2, TO_B1]);
    const link = await project.vxlab(["exec", "c2", "-s", "overlay-b", "--", "ip", "link", "show", "eth0"]);
    expect(good(link)).toContain("mtu 1400");
  });

  it("pass every check of verify", async () => {
    for (const stack of ["overlay-a", "overlay-b"])
      expect(good(await project.vxlab(["verify", "-s", stack], { timeout: 120 }))).toContain("0 failed");
  });
});

describe("a peer whose VTEP moves and that gets one more host", () => {
  it("changes the tunnels to it and nothing else, and both are reached", async () => {
    const before = await seenOnA1();
    const hosts = { b1: { address: "192.168.20.12" }, b2: { address: "192.168.20.13" } };
    underlay("b", "192.168.20.0/24", hosts, { mtu: 1450 });
    overlay("b", "a", {
      c2: { host: "b1", address: "10.0.3.11/24" },
      c3: { host: "b2", address: "10.0.3.12/24" },
    });
    good(await up("underlay-b", "overlay-b"));
    expect(await pending("overlay-a")).toEqual(
      ["", "-a1-red", "-a1-red-step", "-a2-red", "-a2-red-step"].map((name) => `update overlay${name}`),
    );
    good(await up("overlay-a"));
    for (const address of ["10.0.3.11", "10.0.3.12"])
      expect(good(await ping("c1", "overlay-a", address))).toContain(" 0% packet loss");
    const after = await seenOnA1();
    expect(Object.keys(after.tunnels)).toEqual([TO_A2, TO_B1_MOVED, TO_B2]);
    expect([after.tunnels[TO_A2], after.box]).toEqual([before.tunnels[TO_A2], before.box]);
  });
});

describe("a peer that is destroyed first", () => {
  it("leaves its own overlay to be forgotten, for its machines are gone", async () => {
    good(await project.vxlab(["down", "-s", "underlay-b"], { timeout: 300 }));
    const said = await project.vxlab(["down", "-s", "overlay-b"], { timeout: 300 });
    good(said);
    expect(said.stderr).toContain("gone with their machines, so forgotten in overlay-b: ");
  });

  it("is said to the other, whose lab stands on, without tunnels to it", async () => {
    const said = await project.vxlab(["up", "-s", "overlay-a"], { timeout: 300 });
    expect(good(said)).toContain("0 failed");
    expect(said.stderr).toContain("No tunnels to a peer: the stack underlay-b has no output");
    expect(Object.keys((await seenOnA1()).tunnels)).toEqual([TO_A2]);
    expect(good(await ping("c1", "overlay-a", "10.0.3.13"))).toContain(" 0% packet loss");
  });
});

describe("the end", () => {
  it("leaves nothing", async () => {
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [])).toEqual([]);
  });
});
