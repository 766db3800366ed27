import { describe, expect, it } from "vitest";
import { LAB_OUTPUT, LAB_SCHEMA } from "../../plan/contract";
import { TopologyError } from "../../plan/errors";
import { planOverlay, sharedMtu } from "../../plan/peers";
import type { OverlayInput, Underlay } from "../../plan/peers";
import { Role, inOrder } from "../../plan/roles";
import type { LabPlan, Problem } from "../../plan/types";
import { ContractError, readVteps } from "../../plan/read-vteps";
import { LOGIN_OUTPUT, VTEPS_OUTPUT, VTEPS_SCHEMA } from "../../plan/vteps";
import type { VtepsOutput } from "../../plan/vteps";
import { frozen } from "./reference";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";

function vteps(hosts: Record<string, string>, mtu = 1500): VtepsOutput {
  const entries = Object.entries(hosts).map(([name, address]) => {
    const ssh = { address, port: 22, user: "root" };
    return [name, { address, mtu, hostKey: KEY, machine: `id of ${name}`, ssh }];
  });
  return { schema: VTEPS_SCHEMA, hosts: Object.fromEntries(entries) as VtepsOutput["hosts"] };
}

const own: Underlay = { stack: "underlay-a", vteps: vteps({ a1: "192.168.10.11", a2: "192.168.10.12" }) };
const peer: Underlay = { stack: "underlay-b", vteps: vteps({ b1: "192.168.20.11" }, 1450) };

function input(change: Partial<OverlayInput> = {}): OverlayInput {
  const sections = {
    hosts: { a1: { bridgeAddress: "10.1.2.10/24" } },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: { c1: { host: "a1", address: "10.0.3.10/24" } },
  };
  return frozen({ own, peers: [peer], identity: "vxlab/overlay-a", sections, ...change });
}

function problemsOf(change: Partial<OverlayInput>): readonly Problem[] {
  try {
    planOverlay(input(change));
  } catch (error) {
    if (error instanceof TopologyError) return error.problems;
    throw error;
  }
  return [];
}

const remotes = (plan: LabPlan, host: string) =>
  plan.hosts.find(({ name }) => name === host)?.ports.map((port) => port.remotes);

describe("the names and versions that other stacks rely on", () => {
  it("stay what they are", () => {
    expect({ LAB_OUTPUT, LAB_SCHEMA, VTEPS_OUTPUT, LOGIN_OUTPUT, VTEPS_SCHEMA }).toEqual({
      LAB_OUTPUT: "lab",
      LAB_SCHEMA: 2,
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
    ["a newer contract", { schema: 2, hosts: {} }, /underlay-b speaks version 2 .* use the newer vxlab/],
    ["no version", { hosts: {} }, /speaks version undefined/],
    ["a host without an address", { schema: 1, hosts: { b1: {} } }, /vteps\.hosts\.b1\.address/],
    ["an address that is none", { schema: 1, hosts: { b1: { address: "undefined" } } }, /is no IP address/],
    ["something else", "vteps", /speaks version undefined/],
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

describe("an overlay is refused", () => {
  it("with a host that its underlay has not", () => {
    const sections = { ...input().sections, hosts: { a9: {} } };
    const [problem] = problemsOf({ sections });
    expect(problem).toMatchObject({
      path: "hosts.a9",
      message: "Is no host of the underlay stack underlay-a.",
    });
    expect(problem?.cure).toContain("Did you mean a1?");
  });

  it("with a VTEP that two stacks have", () => {
    const twin = { stack: "underlay-b", vteps: vteps({ b1: "192.168.10.11" }) };
    expect(problemsOf({ peers: [twin] })).toMatchObject([
      { path: "underlay-b/b1", message: "This VTEP is already taken by underlay-a/a1." },
    ]);
  });

  it("with a peer of the other IP family", () => {
    const six = { stack: "underlay-b", vteps: vteps({ b1: "fd00::1" }) };
    expect(problemsOf({ peers: [six] })).toMatchObject([{ path: "underlay-b/b1", got: "fd00::1" }]);
  });

  it.each([
    ["flooding", "flow"],
    ["hub", "a1"],
  ])("with %s on a segment that peers are on", (key, value) => {
    const segments = { red: { vni: 100, subnet: "10.0.3.0/24", [key]: value } };
    const paths = problemsOf({ sections: { ...input().sections, segments } }).map(({ path }) => path);
    expect(paths).toContain(`segments.red.${key}`);
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
