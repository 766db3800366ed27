/** EVPN between owners: AS numbers and reflectors by the outputs `vteps` of underlay stacks. */
import { describe, expect, it } from "vitest";
import { planOverlay } from "../../plan/peers";
import { readVteps } from "../../plan/read-vteps";
import type { LabPlan } from "../../plan/types";
import type { VtepsOutput } from "../../plan/vteps";
import { input, own, peer, problemsOf, vteps } from "./overlay";

describe("EVPN between owners", () => {
  const as = (stack: typeof own, evpn?: VtepsOutput["evpn"]) => ({
    ...stack,
    vteps: { ...stack.vteps, ...(evpn === undefined ? {} : { evpn }) },
  });
  const sections = {
    segments: { red: { vni: 100, subnet: "10.0.3.0/24", flooding: "evpn" } },
    containers: {},
  };
  const [a, b] = [as(own, { as: 65001, reflectors: ["a1"] }), as(peer, { as: 65002, reflectors: ["b1"] })];
  const routerOf = (plan: LabPlan, host: string) => plan.hosts.find(({ name }) => name === host)?.router;

  it("reflectors have a session with each of the peer's, others know nothing of them", () => {
    const plan = planOverlay(input({ own: a, peers: [b], sections }));
    expect(routerOf(plan, "a1")).toMatchObject({
      as: 65001,
      reflector: true,
      neighbours: [{ host: "underlay-b/b1", address: "192.168.20.11", as: 65002 }],
    });
    expect(routerOf(plan, "a1")?.clients).toContain("192.168.20.11");
    expect(routerOf(plan, "a2")?.neighbours).toEqual([{ host: "a1", address: "192.168.10.11", as: 65001 }]);
    const port = plan.hosts.find(({ name }) => name === "a2")?.ports[0];
    expect(port).toMatchObject({ remotes: [], senders: ["192.168.10.11", "192.168.10.12", "192.168.20.11"] });
  });

  it("a peer that gets a host changes nothing in a network that is known", () => {
    const networks = ["192.168.20.0/24"];
    const grown = (hosts: Record<string, string>) => ({
      ...b,
      vteps: { ...b.vteps, ...vteps(hosts, 1450), networks },
    });
    const one = planOverlay(input({ own: a, peers: [grown({ b1: "192.168.20.11" })], sections }));
    const two = planOverlay(
      input({ own: a, peers: [grown({ b1: "192.168.20.11", b2: "192.168.20.12" })], sections }),
    );
    expect(two.hosts).toEqual(one.hosts);
  });

  it("outputs of an older version still work: a hint says who is not reached", () => {
    const plan = planOverlay(input({ own: a, peers: [peer], sections }));
    expect(plan.hints).toMatchObject([{ path: "underlay-b" }, { path: "evpn.reflectors" }]);
    expect(routerOf(plan, "a1")?.neighbours).toEqual([]);
    const none = planOverlay(input({ peers: [peer], sections }));
    expect(routerOf(none, "a1")).toMatchObject({ as: 65000, reflector: true });
  });

  it("is read from the output, and refused in a form that it cannot have", () => {
    expect(readVteps("s", { vteps: a.vteps })).toEqual({ vteps: a.vteps });
    const bad = { ...a.vteps, evpn: { as: "65001", reflectors: ["a1"] } };
    expect(() => readVteps("s", { vteps: bad })).toThrow(/vteps\.evpn\.as/);
  });

  it.each([
    [
      "one AS number for both",
      { own: a, peers: [as(peer, { as: 65001, reflectors: ["b1"] })] },
      "underlay-b: evpn.as",
    ],
    ["none of its own", { own, peers: [b] }, "segments.red.flooding"],
  ])("refuses %s", (_, stacks, path) => {
    expect(problemsOf({ ...stacks, sections })).toMatchObject([{ path }]);
  });

  it("asks for nothing where the segment is the owner's alone", () => {
    const closed = { ...sections, segments: { red: { ...sections.segments.red, hosts: ["a1", "a2"] } } };
    expect(problemsOf({ own, peers: [b], sections: closed })).toEqual([]);
  });
});
