/** Two owners, each with an underlay and an overlay stack, on real machines: one each, on networks of their own. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";

const STACKS = ["overlay-b", "underlay-a", "overlay-a", "underlay-b"];
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
/** What a plain `pulumi` would do, by its names. */
const pending = async (stack: string) => {
  const { steps } = await change(project, ["preview", "--stack", stack]);
  return steps.filter((step) => !step.startsWith("read "));
};

beforeAll(async () => {
  project = await Project.create("stacks-lab");
  underlay("a", "192.168.10.0/24", { a1: { address: "192.168.10.11" } });
  underlay("b", "192.168.20.0/24", { b1: { address: "192.168.20.11" } }, { mtu: 1450 });
  overlay("a", "b", { c1: { host: "a1", address: "10.0.3.10/24" } });
  overlay("b", "a", { c2: { host: "b1", address: "10.0.3.11/24" } });
});

afterAll(() => project?.destroy());

describe("two owners' four stacks", () => {
  it("are up after one pass, in whatever order they are named", async () => {
    const said = await up(...STACKS);
    good(said);
    const order = [...said.stderr.matchAll(/^stack (\S+): .*create/gm)].map(([, stack]) => stack);
    expect(order).toEqual(["underlay-a", "underlay-b", "overlay-b", "overlay-a"]);
    for (const stack of STACKS)
      expect(said.stderr).toContain(`stack ${stack}: a second preview shows no changes`);
  });

  it("ping each other with the smaller MTU of the two", async () => {
    expect(good(await ping("c1", "overlay-a", "10.0.3.11"))).toContain(" 0% packet loss");
    const link = await project.vxlab(["exec", "c2", "-s", "overlay-b", "--", "ip", "link", "show", "eth0"]);
    expect(good(link)).toContain("mtu 1400");
  });

  it("pass every check of verify", async () => {
    for (const stack of ["overlay-a", "overlay-b"])
      expect(good(await project.vxlab(["verify", "-s", stack], { timeout: 120 }))).toContain("0 failed");
  });
});

describe("a peer whose VTEP moves and that gets one more host", () => {
  it("changes the ports and nothing else, and both are reached", async () => {
    const hosts = { b1: { address: "192.168.20.12" }, b2: { address: "192.168.20.13" } };
    underlay("b", "192.168.20.0/24", hosts, { mtu: 1450 });
    overlay("b", "a", {
      c2: { host: "b1", address: "10.0.3.11/24" },
      c3: { host: "b2", address: "10.0.3.12/24" },
    });
    good(await up("underlay-b", "overlay-b"));
    expect(await pending("overlay-a")).toEqual(
      ["", "-a1-red", "-a1-red-step"].map((name) => `update overlay${name}`),
    );
    good(await up("overlay-a"));
    for (const to of ["10.0.3.11", "10.0.3.12"])
      expect(good(await ping("c1", "overlay-a", to))).toContain(" 0% packet loss");
  });
});

describe("a peer that is destroyed first", () => {
  it("leaves its own overlay to be forgotten, for its machines are gone", async () => {
    good(await project.vxlab(["down", "-s", "underlay-b"], { timeout: 300 }));
    const said = await project.vxlab(["down", "-s", "overlay-b"], { timeout: 300 });
    good(said);
    expect(said.stderr).toContain("gone with their machines, so forgotten in overlay-b: ");
  });

  it("is said to the other, whose lab stands on", async () => {
    const said = await project.vxlab(["up", "-s", "overlay-a"], { timeout: 300 });
    expect(good(said)).toContain("0 failed");
    expect(said.stderr).toContain("No tunnels to a peer: the stack underlay-b has no output");
  });
});

describe("the end", () => {
  it("leaves nothing", async () => {
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [])).toEqual([]);
  });
});
