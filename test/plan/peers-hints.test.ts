/** What an overlay is told of that works, but may not be meant. */
import { describe, expect, it } from "vitest";
import { planOverlay } from "../../plan/peers";
import type { OverlayInput } from "../../plan/peers";
import { input, problemsOf, vteps } from "./overlay";

describe("an overlay's hints", () => {
  const hints = (change: Partial<OverlayInput>) =>
    planOverlay(input(change)).hints.map(({ path, got, message }) => [path, got, message]);
  const multicast = (more: object = {}) => ({
    segments: { red: { vni: 100, subnet: "10.0.3.0/24", flooding: "multicast", ...more } },
  });
  const networks = (first: string, second: string) =>
    `Its VTEPs are on several networks, such as ${first} and ${second}: packets to a group cross them only if the routers forward multicast.`;

  it("are none where all is as meant", () => expect(hints({})).toEqual([]));

  it("name a group that has to reach a peer's network, and none that stays at home", () => {
    const said = networks("192.168.10.0/24", "192.168.20.0/24");
    expect(hints({ sections: multicast() })).toEqual([["segments.red.flooding", "multicast", said]]);
    expect(hints({ sections: multicast({ hosts: ["a1", "a2"] }) })).toEqual([]);
    expect(hints({ sections: multicast(), peers: [] })).toEqual([]);
    const near = { stack: "underlay-b", vteps: vteps({ b1: "192.168.10.21" }) };
    expect(hints({ sections: multicast(), peers: [near] })).toEqual([]);
  });

  it("name a group between own hosts that are routed to each other", () => {
    const routed = { stack: "underlay-a", vteps: vteps({ a1: "172.20.1.5", a2: "172.20.2.5" }) };
    const said = networks("172.20.1.0/24", "172.20.2.0/24");
    expect(hints({ own: routed, peers: [], sections: multicast() })).toEqual([
      ["segments.red.flooding", "multicast", said],
    ]);
  });

  it("name a lone host, unless a peer has others", () => {
    const alone = { own: { stack: "underlay-a", vteps: vteps({ a1: "192.168.10.11" }) } };
    expect(hints({ ...alone, peers: [] })).toMatchObject([
      ["hosts.a1", "a1", expect.stringContaining("only host")],
    ]);
    expect(hints(alone)).toEqual([]);
  });

  it("name what the underlay decides, which Pulumi.yaml's hosts may bring, in one", () => {
    const hosts = {
      a1: { address: "192.168.10.99", memory: 512, bridge: "vxbr2" },
      a2: { address: "192.168.10.12", vcpus: 2 },
    };
    const change = { sections: { ...input().sections, hosts } };
    expect(problemsOf(change)).toEqual([]);
    expect(planOverlay(input(change)).hints).toEqual([
      {
        path: "hosts.a1.address",
        got: "192.168.10.99",
        message:
          "Has no effect here, nor do 2 other settings below hosts: the underlay stack underlay-a defines its hosts.",
        cure: "Write it in the settings of underlay-a, or leave it out.",
      },
    ]);
    const same = { a1: { address: "192.168.10.11", bridgeAddress: "10.1.2.10/24" } };
    expect(hints({ sections: { ...input().sections, hosts: same } })).toEqual([]);
  });
});
