/** What is planned of service chains: states of hosts, and where frames go by the flows of all of them. */
import { describe, expect, it } from "vitest";
import { hopsState, nextState, tunnelsOn } from "../../components/chain/thing";
import { planLab } from "../../plan/plan";
import { DEAD_VLAN } from "../../plan/names";
import type { ChainPlan, LabPlan } from "../../plan/types";
import { journey, type Sent } from "../lib/chain-walk";
import { referenceWith } from "./reference";

const SIDES = [{ chain: "in" }, { chain: "out" }];
const THREE = {
  hosts: { kvm3: { address: "192.168.10.30" } },
  containers: {
    m1: { host: "kvm1", interfaces: SIDES },
    m2: { host: "kvm3", interfaces: SIDES },
    r1: { host: "kvm3", address: "10.0.3.20/24" },
  },
};
const on = (host: string) => ({ host, local: "192.168.10.1", bridge: "vxbr" });
const planned = (chain: object, more: object = {}): { plan: LabPlan; chain: ChainPlan } => {
  const base = { ...THREE, chains: { x: { from: "c1", to: "c2", through: ["m1", "m2"], ...chain } } };
  const plan = planLab(referenceWith({ ...base, ...more }), { lab: "vxlab/dev" });
  const [first] = plan.chains;
  if (first === undefined) throw new Error("no chain");
  return { plan, chain: first };
};
const macOf = ({ plan }: { plan: LabPlan }, name: string): string =>
  plan.containers.find((box) => box.name === name)?.interfaces[0]?.mac ?? "";

describe("a chain through transparent boxes", () => {
  const lab = planned({});
  const { chain } = lab;
  const [a, b] = [macOf(lab, "c1"), macOf(lab, "c2")];
  const packet = (more: object = {}): Sent => ({
    host: "kvm1",
    port: "v-c1",
    fields: { dl_src: a, dl_dst: b, nw_src: "10.0.3.10", nw_dst: "10.0.3.11" },
    ...more,
  });

  it("leads packets through every box in order", () =>
    expect(journey(chain, packet())).toEqual(["v-m1", "cf to kvm3", "v-m2", "cf to kvm2", "v-c2"]));

  it("leads the answers back the same way", () =>
    expect(
      journey(chain, {
        host: "kvm2",
        port: "v-c2",
        fields: { dl_src: b, dl_dst: a, nw_src: "10.0.3.11", nw_dst: "10.0.3.10" },
      }),
    ).toEqual(["cf to kvm3", "v-m2_1", "cf to kvm1", "v-m1_1", "v-c1"]));

  it.each([
    ["another source address", { nw_src: "10.0.3.99" }],
    ["another MAC of its own", { dl_src: "02:00:00:00:00:99" }],
    ["a broadcast frame for the other's address", { dl_dst: "ff:ff:ff:ff:ff:ff" }],
    ["a third one's MAC for the other's address", { dl_dst: macOf(lab, "r1") }],
  ])("does not let an end go round by %s", (_, fields) => {
    const sent = packet();
    expect(journey(chain, { ...sent, fields: { ...sent.fields, ...fields } })).toEqual(["drop"]);
  });

  it("takes nothing of the two ends that a segment's tunnel brings", () =>
    expect(journey(chain, packet({ host: "kvm2", port: "vx100-c0a80a9c" }))).toEqual(["drop"]));

  it("leaves what is for others to the bridge", () => {
    const sent = packet();
    expect(
      journey(chain, { ...sent, fields: { ...sent.fields, dl_dst: macOf(lab, "r1"), nw_dst: "10.0.3.20" } }),
    ).toEqual(["else"]);
  });

  it("drops what a box sends of its own", () => {
    const fields = { dl_src: macOf(lab, "m1"), dl_dst: b, nw_src: "10.0.3.10", nw_dst: "10.0.3.11" };
    expect(journey(chain, { host: "kvm1", port: "v-m1_1", fields })).toEqual(["drop"]);
  });

  it("has the boxes' interfaces outside every segment's VLAN, with the chain's MTU, without port security", () => {
    const nics = lab.plan.containers.find((box) => box.name === "m1")?.interfaces;
    expect(
      nics?.map(({ vlan, mtu, portSecurity, addresses }) => [vlan, mtu, portSecurity, addresses]),
    ).toEqual(Array.from({ length: 2 }, () => [DEAD_VLAN, 1450, false, []]));
  });

  it("has a tunnel for each hop of the host, and for each one to which it sends", () => {
    expect(["kvm1", "kvm2", "kvm3"].map((host) => tunnelsOn(chain, host).length)).toEqual([3, 2, 3]);
    expect(hopsState(chain, on("kvm1")).peers).toEqual(["192.168.10.30", "192.168.10.222"]);
  });

  it("has flows with cookies of its own, and two parts that do not delete each other's", () => {
    const parts = ["kvm1", "kvm2", "kvm3"].flatMap((host) => [
      hopsState(chain, on(host)),
      nextState(chain, on(host)),
    ]);
    for (const { cookie, flows } of parts) {
      const [value = "", mask = ""] = cookie.split("/");
      const isOwn = (flow: string) =>
        (BigInt(/cookie=(0x\w+)/.exec(flow)?.[1] ?? "0") & BigInt(mask)) === BigInt(value);
      expect(flows.every(isOwn)).toBe(true);
      expect(new Set(flows).size).toBe(flows.length);
      for (const other of parts.filter((one) => one.cookie !== cookie))
        expect(other.flows.some(isOwn)).toBe(false);
    }
  });
});

describe("a box added in the middle", () => {
  const [before, after] = [planned({ through: ["m1"] }).chain, planned({}).chain];

  it("changes nothing of what reaches the hops that were there", () => {
    const own = (chain: ChainPlan, host: string) => hopsState(chain, on(host)).flows;
    for (const host of ["kvm1", "kvm2"]) expect(own(after, host)).toEqual(own(before, host));
  });

  it.each([
    ["another host", "kvm3", [["kvm1", "kvm2", "kvm3"], ["kvm1"], ["kvm2"]]],
    ["the host of an end", "kvm2", [["kvm1", "kvm2"], ["kvm1"]]],
  ])("on %s: also while some hosts still send as before, every packet arrives", (_, host, late) => {
    const m2 = { host, interfaces: SIDES };
    const more = { ...THREE, containers: { ...THREE.containers, m2 } };
    const [old, lab] = [planned({ through: ["m1"] }, more), planned({}, more)];
    const [a, b] = [macOf(lab, "c1"), macOf(lab, "c2")];
    const there = { dl_src: a, dl_dst: b, nw_src: "10.0.3.10", nw_dst: "10.0.3.11" };
    const back = { dl_src: b, dl_dst: a, nw_src: "10.0.3.11", nw_dst: "10.0.3.10" };
    for (const still of late) {
      const sending = (at: string) => (still.includes(at) ? old.chain : lab.chain);
      const walk = (from: string, end: string, fields: Sent["fields"]) =>
        journey(lab.chain, { host: from, port: end, fields }, {}, sending).at(-1);
      expect([walk("kvm1", "v-c1", there), walk("kvm2", "v-c2", back)]).toEqual(["v-c2", "v-c1"]);
    }
  });

  it("changes where its neighbours send", () =>
    expect(nextState(after, on("kvm2")).flows).not.toEqual(nextState(before, on("kvm2")).flows));
});

describe("a chain through a router", () => {
  const lab = planned({ through: ["r1"] });
  const { chain } = lab;
  const [a, b, r] = [macOf(lab, "c1"), macOf(lab, "c2"), macOf(lab, "r1")];
  const packet = { nw_src: "10.0.3.10", nw_dst: "10.0.3.11" };

  it("gives it frames for its MAC, and takes them up by their addresses", () =>
    expect(
      journey(chain, { host: "kvm1", port: "v-c1", fields: { dl_src: a, dl_dst: b, ...packet } }, { r1: r }),
    ).toEqual(["cf to kvm3", `v-r1 as ${r}`, "cf to kvm2", "v-c2"]));

  it("leaves its own packets to the bridge", () =>
    expect(
      journey(chain, {
        host: "kvm3",
        port: "v-r1",
        fields: { dl_src: r, dl_dst: b, nw_src: "10.0.3.20", nw_dst: "10.0.3.11" },
      }),
    ).toEqual(["else"]));
});

describe("a chain that fails open", () => {
  const { chain } = planned({ failure: "open" });
  const lab = planned({});
  const fields = {
    dl_src: macOf(lab, "c1"),
    dl_dst: macOf(lab, "c2"),
    nw_src: "10.0.3.10",
    nw_dst: "10.0.3.11",
  };
  const sent: Sent = { host: "kvm1", port: "v-c1", fields };

  it("passes a box by of which an interface is down", () => {
    expect(journey(chain, sent)).toEqual(["v-m1", "cf to kvm3", "v-m2", "cf to kvm2", "v-c2"]);
    expect(journey(chain, { ...sent, down: ["v-m1_1"] })).toEqual([
      "cf to kvm3",
      "v-m2",
      "cf to kvm2",
      "v-c2",
    ]);
    expect(journey(chain, { ...sent, down: ["v-m1", "v-m2"] })).toEqual(["cf to kvm3", "cf to kvm2", "v-c2"]);
  });

  it("does not, if it fails closed", () =>
    expect(journey(lab.chain, { ...sent, down: ["v-m1"] })).toEqual(["v-m1", "lost"]));
});

describe("a chain to the gateway", () => {
  it("leads everything that goes out", () => {
    const lab = planned(
      { to: "gateway", through: ["m1"] },
      { segments: { red: { gateway: { host: "kvm2" } } } },
    );
    const { chain } = lab;
    const gateway = chain.hops.at(-1);
    expect(gateway).toMatchObject({ name: "gateway", host: "kvm2", ports: ["gw-red"], gateway: true });
    const fields = {
      dl_src: macOf(lab, "c1"),
      dl_dst: gateway?.mac ?? "",
      nw_src: "10.0.3.10",
      nw_dst: "198.51.100.7",
    };
    expect(journey(chain, { host: "kvm1", port: "v-c1", fields })).toEqual(["v-m1", "cf to kvm2", "gw-red"]);
  });
});

it.each([
  ["unicast", 4789],
  ["flow", 4789],
  ["multicast", 4789],
] as const)(
  "a chain in a segment with flooding %s is carried by Open vSwitch on UDP port %d",
  (flooding, udpPort) => expect(planned({}, { segments: { red: { flooding } } }).chain.udpPort).toBe(udpPort),
);
