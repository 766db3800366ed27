import { describe, expect, it } from "vitest";
import { LAB_OUTPUT, LAB_SCHEMA } from "../../plan/contract";
import { hostOutput } from "../../plan/lab-output";
import { planOverlay, sharedMtu } from "../../plan/peers";
import { Role, inOrder } from "../../plan/roles";
import type { LabPlan } from "../../plan/types";
import { ContractError, privateKeyOf, readVteps } from "../../plan/read-vteps";
import { LOGIN_OUTPUT, VTEPS_OUTPUT, VTEPS_SCHEMA } from "../../plan/vteps";
import type { VtepsOutput } from "../../plan/vteps";
import { input, own, peer, problemsOf, vteps } from "./overlay";

const remotes = (plan: LabPlan, host: string) =>
  plan.hosts.find(({ name }) => name === host)?.ports.map((port) => port.remotes);

describe("the names and versions that other stacks rely on", () => {
  it("stay what they are", () => {
    expect({ LAB_OUTPUT, LAB_SCHEMA, VTEPS_OUTPUT, LOGIN_OUTPUT, VTEPS_SCHEMA }).toEqual({
      LAB_OUTPUT: "lab",
      LAB_SCHEMA: 3,
      VTEPS_OUTPUT: "vteps",
      LOGIN_OUTPUT: "login",
      VTEPS_SCHEMA: 1,
    });
  });

  it("are read back as they were written", () => {
    expect(readVteps("s", { vteps: own.vteps, login: "?" })).toEqual({ vteps: own.vteps });
  });
});

describe("an underlay stack's outputs", () => {
  it.each([
    ["there is no such stack", undefined, "there is no stack underlay-b"],
    ["it has none yet", {}, 'the stack underlay-b has no output "vteps"'],
  ])("are absent where %s", (_, outputs, said) => {
    expect(readVteps("underlay-b", outputs).absent).toContain(said);
  });

  it.each([
    ["a newer contract", { schema: 2, hosts: {} }, /underlay-b has version 2, .* use the newer vxlab/],
    ["no version", { hosts: {} }, /has version undefined/],
    ["a host without an address", { schema: 1, hosts: { b1: {} } }, /vteps\.hosts\.b1\.address/],
    [
      "an address that is none",
      { schema: 1, hosts: { b1: { address: "undefined" } } },
      /is not an IP address/,
    ],
    ["something else", "vteps", /has version undefined/],
  ])("are refused with %s, before anything is changed", (_, given, said) => {
    const read = () => readVteps("underlay-b", { vteps: given });
    expect(read).toThrow(ContractError);
    expect(read).toThrow(said);
    expect(read).toThrow("Nothing was changed");
  });
});

describe("an overlay", () => {
  it("has its own underlay's hosts, and the peers' as remotes alone", () => {
    const plan = planOverlay(input());
    expect(plan.hosts.map(({ name, address }) => [name, address])).toEqual([
      ["a1", "192.168.10.11"],
      ["a2", "192.168.10.12"],
    ]);
    expect(remotes(plan, "a1")).toEqual([
      [
        { host: "a2", address: "192.168.10.12" },
        { host: "underlay-b/b1", address: "192.168.20.11" },
      ],
    ]);
    expect(plan.containers.map(({ name }) => name)).toEqual(["c1"]);
  });

  it("without peers has tunnels between its own hosts", () => {
    expect(remotes(planOverlay(input({ peers: [] })), "a2")).toEqual([
      [{ host: "a1", address: "192.168.10.11" }],
    ]);
  });

  it("takes the smallest MTU of all underlays", () => {
    expect(sharedMtu([own, peer])).toBe(1450);
    const plan = planOverlay(input());
    expect([plan.hosts[0]?.bridge.mtu, plan.hosts[0]?.ports[0]?.mtu]).toEqual([1400, 1400]);
    expect(planOverlay(input({ peers: [] })).hosts[0]?.bridge.mtu).toBe(1450);
  });

  it("sees nothing but one more remote when a peer gets one more host", () => {
    const more = { ...peer, vteps: vteps({ b1: "192.168.20.11", b2: "192.168.20.12" }, 1450) };
    const [before, after] = [planOverlay(input()), planOverlay(input({ peers: [more] }))];
    const without = ({ hosts, ...plan }: LabPlan) => ({
      ...plan,
      hosts: hosts.map(({ ports, ...host }) => ({ ...host, ports: ports.length })),
    });
    expect(without(after)).toEqual(without(before));
    expect(remotes(after, "a1")?.[0]?.at(-1)).toEqual({ host: "underlay-b/b2", address: "192.168.20.12" });
  });

  it("has other MAC addresses than a peer's of the same names", () => {
    const mac = (identity: string) => planOverlay(input({ identity })).containers[0]?.interfaces[0]?.mac;
    expect(mac("vxlab/overlay-a")).not.toBe(mac("vxlab/overlay-b"));
  });

  it("keeps a segment with hosts to these", () => {
    const segments = { red: { vni: 100, subnet: "10.0.3.0/24", hosts: ["a1", "a2"] } };
    const plan = planOverlay(input({ sections: { segments, containers: {} } }));
    expect(remotes(plan, "a1")).toEqual([[{ host: "a2", address: "192.168.10.12" }]]);
  });
});

describe("peers in networks that differ in the high digits of their addresses alone", () => {
  it("each have a tunnel port of their own, whatever the VNI", () => {
    const far = vteps({ b1: "10.2.0.11", b2: "10.3.0.11" });
    const segments = { red: { vni: 10010100, subnet: "10.0.3.0/24" } };
    const plan = planOverlay(
      input({
        own: { stack: "underlay-a", vteps: vteps({ a1: "10.1.0.11" }) },
        peers: [{ stack: "underlay-b", vteps: far }],
        sections: { segments, containers: {} },
      }),
    );
    const ports = plan.hosts.flatMap((host) => hostOutput(host, host.existing).ports);
    expect(ports.flatMap(({ tunnels }) => tunnels.map(({ port }) => port))).toEqual([
      "vx5yjuc-02ryqyz",
      "vx5yjuc-02s05jf",
    ]);
  });
});

describe("an overlay is refused", () => {
  it("with a host that its underlay has not", () => {
    const sections = { ...input().sections, hosts: { a9: {} } };
    const [problem] = problemsOf({ sections });
    expect(problem).toMatchObject({
      path: "hosts.a9",
      message: "Is not a host of the underlay stack underlay-a.",
    });
    expect(problem?.cure).toContain("Did you mean a1?");
  });

  it("with a VTEP that two stacks have", () => {
    const twin = { stack: "underlay-b", vteps: vteps({ b1: "192.168.10.11" }) };
    expect(problemsOf({ peers: [twin] })).toMatchObject([
      { path: "underlay-b/b1", message: "This VTEP is already taken by underlay-a/a1." },
    ]);
  });

  it("with two peers whose tunnel ports would have one name; a segment without peers is not asked", () => {
    // Both addresses have one hash: f03cd57c.
    const [own, far] = [vteps({ a1: "fd00::1", a2: "fd00::2" }), { b1: "fd00::1:736e", b2: "fd00::1:ab2a" }];
    const change = (segment: object) => ({
      own: { stack: "underlay-a", vteps: own },
      peers: [{ stack: "underlay-b", vteps: vteps(far) }],
      sections: { segments: { red: { vni: 100, subnet: "10.0.3.0/24", ...segment } }, containers: {} },
    });
    expect(problemsOf(change({}))).toEqual([
      {
        path: "segments.red.vni",
        got: "100 towards fd00::1:ab2a",
        message:
          "The interface name made from it is already taken by segments.red.vni (100 towards fd00::1:736e).",
        cure: "Give one of the two hosts another address.",
      },
    ]);
    expect(problemsOf(change({ hosts: ["a1", "a2"] }))).toEqual([]);
  });

  it("with a bridge that has the name of a tunnel port to a peer", () => {
    const hosts = { a1: { bridge: "vx100-c0a8140b" } };
    expect(problemsOf({ sections: { ...input().sections, hosts } })).toMatchObject([
      { path: "hosts.a1.bridge", cure: "Rename one of the two." },
    ]);
  });

  it("with a peer of the other IP family", () => {
    const six = { stack: "underlay-b", vteps: vteps({ b1: "fd00::1" }) };
    expect(problemsOf({ peers: [six] })).toMatchObject([{ path: "underlay-b/b1", got: "fd00::1" }]);
  });

  it("is refused where no tunnel can lead, and so is what SSH cannot reach", () => {
    const loop = { ...peer, vteps: vteps({ b1: "127.0.0.1" }) };
    const message = "Is loopback (127.0.0.0/8).";
    expect(problemsOf({ peers: [loop] })).toMatchObject([
      { path: "underlay-b/b1", got: "127.0.0.1", message },
    ]);
    const { b1 } = peer.vteps.hosts;
    const hosts = { b1: { ...b1, ssh: { ...b1?.ssh, address: "far" } } } as unknown as VtepsOutput["hosts"];
    const named = { ...peer, vteps: { ...peer.vteps, hosts } };
    expect(problemsOf({ peers: [named] })).toMatchObject([{ path: "underlay-b/b1", got: "far" }]);
  });

  it.each([
    ["flooding", "flow"],
    ["hub", "a1"],
  ])("with %s on a segment that peers are on", (key, value) => {
    const segments = { red: { vni: 100, subnet: "10.0.3.0/24", [key]: value } };
    const paths = problemsOf({ sections: { ...input().sections, segments } }).map(({ path }) => path);
    expect(paths).toContain(`segments.red.${key}`);
  });

  it.each<[string, unknown, string, unknown, string, string]>([
    [
      "an unknown key",
      { a1: { brigde: "x" } },
      "hosts.a1.brigde",
      "x",
      "Is not a setting.",
      "Did you mean bridge? Known: bridge, bridgeAddress, guard.",
    ],
    [
      "a list",
      ["a1"],
      "hosts",
      ["a1"],
      "Must be a mapping of names to settings.",
      "Write { NAME: { bridge: … } }.",
    ],
    [
      "a text",
      "a1",
      "hosts",
      "a1",
      "Must be a mapping of names to settings.",
      "Write { NAME: { bridge: … } }.",
    ],
    [
      "nothing of a host",
      { a1: null },
      "hosts.a1",
      null,
      "Must be a mapping of settings.",
      "Write { bridge: … }.",
    ],
    [
      "a host that is a text",
      { a1: "10.1.2.10/24" },
      "hosts.a1",
      "10.1.2.10/24",
      "Must be a mapping of settings.",
      "Write { bridge: … }.",
    ],
    [
      "a host that is a list",
      { a1: [] },
      "hosts.a1",
      [],
      "Must be a mapping of settings.",
      "Write { bridge: … }.",
    ],
    [
      "a bridge's name that is none",
      { a1: { bridge: "a b" } },
      "hosts.a1.bridge",
      "a b",
      "Is not an interface name",
      "vxbr",
    ],
  ])("with hosts that are %s", (_, hosts, path, got, message, cure) => {
    const problems = problemsOf({ sections: { ...input().sections, hosts } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ path, got });
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.cure).toContain(cure);
  });

  it.each([
    ["segments.red.subnet", { red: { vni: 100, subnet: "192.168.20.0/24" } }, {}, "192.168.20.11"],
    ["hosts.a1.bridgeAddress", {}, { a1: { bridgeAddress: "192.168.20.9/24" } }, "192.168.20.11"],
  ])("with %s around a peer's VTEP", (path, segments, hosts, vtep) => {
    const sections = { hosts, segments, containers: {} };
    expect(problemsOf({ sections })).toMatchObject([
      {
        path,
        message: `Contains ${vtep}, the VTEP of underlay-b/b1: hosts could not tell tunnel packets from the overlay's.`,
        cure: "Choose a network outside it, for example in 10.0.0.0/8.",
      },
    ]);
    expect(problemsOf({ sections, peers: [] }), "the peer is why").toEqual([]);
  });

  it("with an IPv6 subnet around a peer's VTEP, and around an own one", () => {
    const at = (stack: string, hosts: Record<string, string>) => ({ stack, vteps: vteps(hosts) });
    const six = {
      own: at("underlay-a", { a1: "fd00:1::11" }),
      peers: [at("underlay-b", { b1: "fd00:2::11" })],
    };
    const sections = (subnet6: string) => ({
      segments: { red: { vni: 100, subnet: "10.0.3.0/24", subnet6 } },
      containers: {},
    });
    const found = (subnet6: string) => problemsOf({ ...six, sections: sections(subnet6) });
    expect(found("fd00:2::/64")).toMatchObject([{ path: "segments.red.subnet6" }]);
    expect(found("fd00:1::/64")).toMatchObject([{ path: "segments.red.subnet6" }]);
    expect(found("fd00:3::/64")).toEqual([]);
  });

  it("with a gateway on a machine of an IPv6 underlay, but not on a host that was there", () => {
    const segments = { red: { vni: 100, subnet: "10.0.3.0/24", gateway: { host: "a1" } } };
    const at = (machine: string) => {
      const six = vteps({ a1: "fd00::11" });
      const hosts = Object.fromEntries(
        Object.entries(six.hosts).map(([name, one]) => [name, { ...one, machine }]),
      );
      return problemsOf({
        own: { stack: "underlay-a", vteps: { ...six, hosts } },
        peers: [],
        sections: { segments },
      });
    };
    expect(at("a domain's id")).toMatchObject([{ path: "segments.red.gateway" }]);
    expect(at("existing")).toEqual([]);
  });

  it("with a gateway where SSH answers", () => {
    const { a1, ...others } = own.vteps.hosts;
    if (a1 === undefined) throw new Error("no a1");
    const moved = { ...a1, ssh: { ...a1.ssh, address: "10.0.3.77" } };
    const segments = { red: { vni: 100, subnet: "10.0.3.0/24", gateway: { host: "a1" } } };
    const hosts = { ...others, a1: moved };
    expect(
      problemsOf({ own: { ...own, vteps: { ...own.vteps, hosts } }, sections: { segments } }),
    ).toMatchObject([{ path: "segments.red.gateway" }]);
  });

  it("with a container on a peer's host", () => {
    const sections = { ...input().sections, containers: { c1: { host: "b1", address: "10.0.3.10/24" } } };
    expect(problemsOf({ sections })).toMatchObject([{ path: "containers.c1.host", got: "b1" }]);
  });
});

describe("a stack's role", () => {
  it("puts underlays first and overlays last, whatever the order was", () => {
    const roles: Record<string, Role> = {
      oa: Role.Overlay,
      ua: Role.Underlay,
      lab: Role.Lab,
      ub: Role.Underlay,
    };
    expect(inOrder(["oa", "lab", "ub", "ua"], (stack) => roles[stack] ?? Role.Lab)).toEqual([
      "ub",
      "ua",
      "lab",
      "oa",
    ]);
  });
});

it("the key of a host is its own, and a login without one says whose it lacks", () => {
  const login = { a1: "KEY of a1" };
  expect(privateKeyOf(login, "a1", "underlay-a")).toBe("KEY of a1");
  expect(() => privateKeyOf(login, "a2", "underlay-a")).toThrow(/host a2.*the stack underlay-a/);
});
