/** segments.<name>.encapsulation: from the settings to the port's state on a host. */
import { describe, expect, it } from "vitest";
import { portState } from "../../components/segment/thing";
import { hostOutput } from "../../plan/lab-output";
import { ed25519FromSeed } from "../../plan/keys";
import { Encapsulation } from "../../plan/net/encap";
import { planLab } from "../../plan/plan";
import { Flooding } from "../../plan/types";
import { existingOf, referenceWith } from "./reference";
import { tellsOf } from "./rows";

const HOST_KEY = ed25519FromSeed(new Uint8Array(32), "root@server").publicKeyLine;
const plan = (red: object, underlay: object = {}) =>
  planLab(referenceWith({ segments: { red }, ...underlay }), { lab: "vxlab/dev" });
const portOf = (red: object, underlay?: object) => plan(red, underlay).hosts[0]?.ports[0];
const state = (red: object) => {
  const { remotes = [], ...port } = portOf(red) ?? { vni: 0 };
  return portState({
    ...port,
    bridge: "vxbr",
    local: "192.168.10.156",
    remotes: remotes.map(({ address }) => address),
  });
};

describe("GENEVE", () => {
  const geneve = { encapsulation: "geneve" };

  it("is in the plan, the output and the state, with its own UDP port", () => {
    expect(portOf(geneve)).toMatchObject({ vni: 100, encapsulation: "geneve", udpPort: 6081 });
    const [host] = plan(geneve).hosts;
    const output = host && hostOutput(host, { hostKey: "" }).ports[0];
    expect(output).toMatchObject({ encapsulation: "geneve", udpPort: 6081 });
    expect(state(geneve)).toMatchObject({ encapsulation: "geneve", udpPort: 6081, flooding: "unicast" });
  });

  it("keeps a written UDP port, and goes with a hub", () => {
    expect(portOf({ ...geneve, udpPort: 7000 })).toMatchObject({ encapsulation: "geneve", udpPort: 7000 });
    expect(portOf({ ...geneve, hub: "kvm1" })).toMatchObject({ encapsulation: "geneve", protected: false });
  });

  it("has the same overhead as VXLAN: 8 bytes of header, without options", () => {
    expect(portOf(geneve)?.mtu).toBe(1450);
    expect(portOf({})?.mtu).toBe(1450);
  });
});

it("VXLAN is not named: what a lab's output and preview say stays as it was", () => {
  for (const red of [{}, { encapsulation: Encapsulation.Vxlan }]) {
    expect(portOf(red)).not.toHaveProperty("encapsulation");
    expect(state(red)).toMatchObject({ encapsulation: "vxlan", udpPort: 4789 });
  }
});

it("a port that is declared by hand is refused where its flooding cannot use GENEVE", () => {
  const port = { bridge: "vxbr", vni: 100, local: "192.168.10.156", remotes: [] };
  for (const flooding of [Flooding.Flow, Flooding.Multicast])
    expect(() => portState({ ...port, flooding, encapsulation: Encapsulation.Geneve })).toThrow(
      `Cannot be used with flooding: ${flooding}.`,
    );
});

it("an existing host needs the kernel's module", () => {
  const server = { address: "192.168.10.9", existing: { hostKey: HOST_KEY } };
  const needs = (segment: object) =>
    planLab(referenceWith({ hosts: { server }, segments: { red: segment } }), {
      lab: "vxlab/dev",
    }).hosts.flatMap((host) => existingOf(host)?.needs ?? []);
  expect(needs({ encapsulation: "geneve" })).toContain("geneve");
  expect(needs({})).not.toContain("geneve");
});

const red = (more: object) => ({ segments: { red: more } });
const blue = (more: object) => ({
  segments: { blue: { vni: 200, vlan: 20, subnet: "10.7.0.0/24", ...more } },
  containers: { c1: { segment: "red" }, c2: { segment: "red" } },
});

tellsOf({
  encapsulation: [
    [
      red({ encapsulation: "genev" }),
      "segments.red.encapsulation",
      "not a valid value",
      "Did you mean geneve?",
    ],
    [
      red({ encapsulation: "geneve", flooding: "flow" }),
      "segments.red.encapsulation",
      "Cannot be used",
      "unicast",
    ],
    [
      red({ encapsulation: "geneve", flooding: "multicast" }),
      "segments.red.encapsulation",
      "Cannot be used",
      "unicast",
    ],
    [
      blue({ encapsulation: "geneve", udpPort: 4789 }),
      "segments.blue.udpPort",
      "VXLAN device",
      "such as 4790",
    ],
  ],
});
