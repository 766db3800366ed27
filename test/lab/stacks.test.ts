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
/** Of the underlays. */
const [MTU_A, MTU_B] = [1500, 1450];
/** What an interface in a segment takes: VXLAN over IPv4 is 50 bytes of its underlay's (RFC 7348). */
const inside = (mtu: number) => mtu - 50;
/** Headers of IPv4 and ICMP: what ping's -s does not count. */
const PING = 28;

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

async function mtu(box: string, stack: string): Promise<number> {
  const link = await project.vxlab(["exec", box, "-s", stack, "--", "ip", "link", "show", "eth0"]);
  return Number(/ mtu (\d+) /.exec(good(link))?.[1]);
}

/** From c1, by the host's own `ping`, which knows -M: whether a packet that nobody may cut up is answered. */
async function passes(to: string, bytes: number): Promise<boolean> {
  const c1 = "$(lxc-info -P /var/lib/vxlab/containers -n c1 -pH)";
  const words = `nsenter -n -t ${c1} ping -n -M do -c 3 -W 2 -s ${bytes - PING} ${to}`;
  const { code, stdout } = await project.vxlab(["ssh", "a1", "-s", "overlay-a", "--", words], {
    timeout: 60,
  });
  // Without the last words it never sent.
  expect(stdout).toContain("3 packets transmitted");
  return code === 0;
}

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
  underlay("b", "192.168.20.0/24", { b1: { address: "192.168.20.11" } }, { mtu: MTU_B });
  overlay("a", "b", containers("a2"));
  overlay("b", "a", { c2: { host: "b1", address: "10.0.3.11/24" } });
});

afterAll(() => project?.destroy());

describe("an owner whose peer's stack is not there", () => {
  it("is told so, with the cure, and has all the rest", async () => {
    const said = await up("underlay-a", "overlay-a");
    good(said);
    expect(said.stderr).toContain(
      "No tunnels to a peer: there is no stack underlay-b. Everything else is deployed. Run `up` here again after the peer's owner has deployed it",
    );
    expect(good(await ping("c1", "overlay-a", "10.0.3.13"))).toContain(" 0% packet loss");
    expect(Object.keys((await seenOnA1()).tunnels)).toEqual([TO_A2]);
    expect(await mtu("c1", "overlay-a")).toBe(inside(MTU_A));
  });
});

describe("two owners' four stacks", () => {
  let alone: Seen;

  it("are up after one pass, in whatever order they are named", async () => {
    alone = await seenOnA1();
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
    for (const [box, stack] of [
      ["c1", "overlay-a"],
      ["c2", "overlay-b"],
    ] as const)
      expect(await mtu(box, stack)).toBe(inside(MTU_B));
    const full = inside(MTU_B);
    expect([await passes("10.0.3.11", full), await passes("10.0.3.11", full + 1)]).toEqual([true, false]);
    // Until its peer was there c1 had more: it is made smaller while it runs.
    expect((await seenOnA1()).box).toBe(alone.box);
  });

  it("pass every check of verify", async () => {
    for (const stack of ["overlay-a", "overlay-b"])
      expect(good(await project.vxlab(["verify", "-s", stack], { timeout: 120 }))).toContain("0 failed");
  });
});

/** Owner a's, c4 on one of two hosts. */
const containers = (host: string) => ({
  c1: { host: "a1", address: "10.0.3.10/24" },
  c4: { host, address: "10.0.3.13/24" },
});

describe("a container that moves to another host of its underlay", () => {
  const on = async (host: string) =>
    good(
      await project.vxlab([
        ...["ssh", host, "-s", "overlay-a", "--"],
        "ls /var/lib/vxlab/desired /var/lib/vxlab/containers | grep c4; ovs-vsctl list-ports vxbr | grep v-c4; lxc-ls -P /var/lib/vxlab/containers --running | grep -o c4; true",
      ]),
    );

  it("is gone from the one before it is made on the other", async () => {
    const [from, to] = ["a2", "a1"];
    overlay("a", "b", containers(to));
    const { code, steps, order } = await change(project, ["up", "--stack", "overlay-a"]);
    expect(code).toBe(0);
    expect(steps.filter((step) => step.endsWith("-step"))).toEqual([
      "create-replacement overlay-c4-step",
      "delete-replaced overlay-c4-step",
      "replace overlay-c4-step",
    ]);
    const at = (op: string) => order.indexOf(`${op} overlay-c4-step`);
    expect(at("delete-replaced")).toBeLessThan(at("create-replacement"));
    expect(await on(from)).toBe("");
    const there = (await on(to)).split("\n").filter(Boolean).sort();
    expect(there).toEqual([
      "c4",
      "c4",
      expect.stringMatching(/^container-[0-9a-f]{8}-overlay-c4\.json$/),
      "v-c4",
    ]);
    expect(good(await ping("c1", "overlay-a", "10.0.3.13"))).toContain(" 0% packet loss");
  });
});

describe("a peer whose VTEP moves and that gets one more host", () => {
  it("changes the tunnels to it and nothing else, and both are reached", async () => {
    const before = await seenOnA1();
    const hosts = { b1: { address: "192.168.20.12" }, b2: { address: "192.168.20.13" } };
    underlay("b", "192.168.20.0/24", hosts, { mtu: MTU_B });
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
    expect(said.stderr).toContain(
      "removed from the state of overlay-b, because their machines no longer exist: ",
    );
  });

  it("is said to the other, whose lab stands on, without tunnels to it", async () => {
    overlay("a", "b", containers("a2"));
    const said = await up("overlay-a");
    good(said);
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
