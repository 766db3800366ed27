import { describe, expect, it } from "vitest";
import { foundIn, foundInState, hostsOfStep, workOn } from "../../cli/changes/on-hosts";
import type { StepMetadata } from "../../cli/engine/events";
import { withoutHost } from "../../cli/state/forget";
import type { StateResource } from "../../cli/state/stack";

const urnOf = (type: string, name: string): string =>
  `urn:pulumi:lab::vxlab::vxlab:index:VxlanLab$${type}::${name}`;
const LAB = urnOf("vxlab:index:VxlanLab", "lab");
const BRIDGE = "vxlab:index:OvsBridge";
const PORT = "vxlab:index:VxlanPort";
const BOX = "vxlab:index:LxcContainer";
const SERVER = "vxlab:index:ExistingHost";
const STEP = "command:remote:Command";
const stdin = (machine: string) => `${JSON.stringify({ id: "x", machine, state: {} })}\n`;

type Inputs = Record<string, unknown>;
/** One thing on a host and its step, as the engine tells them. */
function thing(
  type: string,
  name: string,
  op: string,
  on: Partial<Record<"old" | "new", string>>,
  old: Inputs = {},
  now = old,
) {
  const [component, step] = [urnOf(type, name), urnOf(`${type}$${STEP}`, `${name}-step`)];
  const side = (host: string | undefined, parent: string, inputs: Inputs) =>
    host === undefined ? null : { parent, inputs: { hostName: host, ...inputs } };
  const both = (parent: string) => ({ old: side(on.old, parent, old), new: side(on.new, parent, now) });
  return [
    { op, urn: component, ...both(LAB) },
    { op, urn: step, ...both(component) },
  ] satisfies StepMetadata[];
}
const bridge = (host: string, op = "same", machines: [string?, string?] = []) =>
  thing(
    BRIDGE,
    `lab-${host}-vxbr`,
    op,
    op === "create" ? { new: host } : { old: host, new: host },
    machines[0] === undefined ? {} : { stdin: stdin(machines[0]) },
    machines[1] === undefined ? {} : { stdin: stdin(machines[1]) },
  );
const told = (...steps: StepMetadata[][]) =>
  workOn(foundIn(steps.flat())).map(({ host, names }) => `${host}: ${names.join(" ")}`);

describe("the hosts that an up has to reach", () => {
  it("are those with a step that is not the same, with the component to leave out beside it", () => {
    const port = thing(PORT, "lab-kvm2-red", "update", { old: "kvm2", new: "kvm2" });
    const works = workOn(foundIn([...bridge("kvm1"), ...bridge("kvm2"), ...port]));
    expect(works).toEqual([{ host: "kvm2", urns: [port[1]?.urn, port[0]?.urn], names: ["lab-kvm2-red"] }]);
  });

  it("are both for what moves, and the old one for what is removed", () => {
    const moved = thing(BOX, "lab-c1", "replace", { old: "kvm1", new: "kvm2" });
    const removed = thing(BOX, "lab-c2", "delete", { old: "kvm1" });
    expect(told(bridge("kvm1"), bridge("kvm2"), moved, removed)).toEqual([
      "kvm1: lab-c1 lab-c2",
      "kvm2: lab-c1",
    ]);
  });

  it("are those of an existing host's check", () => {
    const check = [
      {
        op: "update",
        urn: urnOf(SERVER, "lab-srv"),
        old: { parent: LAB, inputs: { address: "192.0.2.1", peers: [] } },
        new: { parent: LAB, inputs: { address: "192.0.2.1", peers: ["192.0.2.2"] } },
      },
      {
        op: "update",
        urn: urnOf(`${SERVER}$${STEP}`, "lab-srv-check"),
        old: { parent: urnOf(SERVER, "lab-srv") },
        new: { parent: urnOf(SERVER, "lab-srv") },
      },
    ];
    expect(told(bridge("srv"), check)).toEqual(["srv: lab-srv"]);
    const [host, step] = check;
    if (host === undefined || step === undefined) throw new Error("there are two");
    const moved = { ...host, new: { parent: LAB, inputs: { address: "192.0.2.9", peers: [] } } };
    expect(told(bridge("srv"), [moved, step]), "reached in another way: waited for").toEqual([]);
  });

  it("are none that may be booting: a new one, a machine that is started or made anew, another machine of an underlay stack", () => {
    const box = (host: string) => thing(BOX, `lab-c-${host}`, "create", { new: host });
    const domain = (host: string, op: string): StepMetadata[] => [
      {
        op: "same",
        urn: urnOf("vxlab:index:KvmHost", `lab-${host}`),
        old: { parent: LAB, inputs: { hostName: host } },
        new: { parent: LAB, inputs: { hostName: host } },
      },
      {
        op,
        urn: urnOf("vxlab:index:KvmHost$libvirt:index/domain:Domain", `lab-${host}-domain`),
        old: { parent: urnOf("vxlab:index:KvmHost", `lab-${host}`), inputs: {} },
        new: { parent: urnOf("vxlab:index:KvmHost", `lab-${host}`), inputs: {} },
      },
    ];
    expect(told(bridge("new", "create"), box("new"))).toEqual([]);
    expect(told(domain("off", "update"), bridge("off"), box("off"))).toEqual([]);
    expect(told(domain("on", "same"), bridge("on"), box("on"))).toEqual(["on: lab-c-on"]);
    expect(told(bridge("other", "update", ["a", "b"]), box("other"))).toEqual([]);
    expect(told(bridge("tools", "update", ["a", "a"]), box("tools"))).toEqual([
      "tools: lab-tools-vxbr lab-c-tools",
    ]);
  });
});

describe("the host of a step", () => {
  it("is its thing's", () => {
    const all = foundIn([...bridge("kvm1"), ...thing(BOX, "lab-c1", "update", { old: "kvm1", new: "kvm1" })]);
    expect([hostsOfStep(all, "lab-c1-step"), hostsOfStep(all, "lab-c2-step")]).toEqual([["kvm1"], []]);
  });
});

const resource = (
  type: string,
  name: string,
  parent: string,
  more: Partial<StateResource> = {},
): StateResource => ({
  urn: urnOf(type, name),
  type: type.split("$").at(-1) ?? "",
  parent,
  ...more,
});
const MACHINE = urnOf("libvirt:index/domain:Domain", "lab-kvm1-domain");
const STATE: StateResource[] = [
  { urn: LAB, type: "vxlab:index:VxlanLab" },
  resource("vxlab:index:KvmHost", "lab-kvm1", LAB, { inputs: { hostName: "kvm1" } }),
  { urn: MACHINE, type: "libvirt:index/domain:Domain", parent: urnOf("vxlab:index:KvmHost", "lab-kvm1") },
  resource(BOX, "lab-c1", LAB, { inputs: { hostName: "kvm1" } }),
  resource(`${BOX}$${STEP}`, "lab-c1-step", urnOf(BOX, "lab-c1"), { deletedWith: MACHINE }),
  resource(SERVER, "lab-srv", LAB, { inputs: { address: "192.0.2.1" } }),
  resource(`${SERVER}$${STEP}`, "lab-srv-check", urnOf(SERVER, "lab-srv")),
  resource(BOX, "lab-c2", LAB, {
    inputs: { hostName: "srv" },
    dependencies: [urnOf(`${SERVER}$${STEP}`, "lab-srv-check")],
  }),
  resource(`${BOX}$${STEP}`, "lab-c2-step", urnOf(BOX, "lab-c2")),
  resource(BOX, "lab-c3", LAB, {
    inputs: { hostName: "srv2" },
    dependencies: [LAB, urnOf(`${BOX}$${STEP}`, "lab-c2-step")],
  }),
];

describe("the hosts that a down has to reach", () => {
  it("are those whose things do not go with their machine", () => {
    expect(workOn(foundInState(STATE)).map(({ host, names }) => [host, names])).toEqual([
      ["srv", ["lab-srv", "lab-c2"]],
    ]);
  });
});

describe("a state without an existing host", () => {
  it("has nothing of it, and no link to it", () => {
    const { state, urns, machine } = withoutHost({ deployment: { resources: STATE } }, "srv");
    expect(urns.map((urn) => urn.split("::").at(-1))).toEqual([
      "lab-srv",
      "lab-c2",
      "lab-srv-check",
      "lab-c2-step",
    ]);
    expect(machine).toBe(false);
    const left = state.deployment.resources ?? [];
    expect(left.map(({ urn }) => urn)).toEqual(
      STATE.map(({ urn }) => urn).filter((urn) => !urns.includes(urn)),
    );
    expect(left.at(-1)?.dependencies).toEqual([LAB]);
  });

  it("keeps a machine of its own, which up deletes without asking it", () => {
    const given = { deployment: { resources: STATE } };
    expect(withoutHost(given, "kvm1")).toEqual({ state: given, urns: [], machine: true });
  });
});
