/** What a gateway does not lead to: the underlays, and the hosts outside of them. */
import { describe, expect, it } from "vitest";
import { hostOutput } from "../../plan/lab-output";
import { planOverlay } from "../../plan/peers";
import { planLab } from "../../plan/plan";
import { ContractError, readVteps } from "../../plan/read-vteps";
import { VTEPS_SCHEMA } from "../../plan/vteps";
import type { VtepsOutput } from "../../plan/vteps";
import type { HostSpec } from "../../plan/types";
import { existingOf, reference, referenceWith } from "./reference";

const hostKey =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop root@server";
const red = { vni: 100, subnet: "10.0.3.0/24", gateway: { host: "kvm1" } };

function closed(fragment: object): string[] | undefined {
  const topology = referenceWith({ segments: { red }, ...fragment });
  return planLab(topology, { lab: "vxlab/dev" }).services[0]?.closed;
}
const more = (spec: HostSpec) => ({ hosts: { more: spec } });

describe("a gateway does not lead to", () => {
  it.each<[string, object, string[]]>([
    ["the underlay", {}, ["192.168.10.0/24"]],
    ["a further host of it, which changes nothing", more({ address: "192.168.10.9" }), ["192.168.10.0/24"]],
    [
      "a host outside of it, by its VTEP and where SSH answers",
      more({ address: "172.20.0.5", existing: { hostKey, sshAddress: "172.21.0.5" } }),
      ["192.168.10.0/24", "172.20.0.5", "172.21.0.5"],
    ],
    [
      "one whose SSH answers inside of it",
      more({ address: "172.20.0.5", existing: { hostKey, sshAddress: "192.168.10.5" } }),
      ["192.168.10.0/24", "172.20.0.5"],
    ],
  ])("%s", (_, fragment, networks) => expect(closed(fragment)).toEqual(networks));

  const vteps = (hosts: Record<string, string>, networks?: string[]): VtepsOutput => ({
    schema: VTEPS_SCHEMA,
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([name, address]) => [
        name,
        { address, mtu: 1500, hostKey, machine: "m", ssh: { address, port: 22, user: "root" } },
      ]),
    ),
    ...(networks === undefined ? {} : { networks }),
  });
  const overlay = (own: VtepsOutput, peer: VtepsOutput) =>
    planOverlay({
      own: { stack: "a", vteps: own },
      peers: [{ stack: "b", vteps: peer }],
      identity: "a",
      sections: {
        hosts: { a1: { guard: false } },
        segments: { red: { ...red, gateway: { host: "a1" } } },
        containers: {},
      },
    });

  it("the underlays of an overlay's owner and of its peers, or their hosts where older stacks do not tell networks", () => {
    const own = vteps({ a1: "192.168.10.11" }, ["192.168.10.0/24"]);
    const peer = { b1: "192.168.20.11" };
    expect(overlay(own, vteps(peer, ["192.168.20.0/24"])).services[0]?.closed).toEqual([
      "192.168.10.0/24",
      "192.168.20.0/24",
    ]);
    expect(overlay(own, vteps(peer)).services[0]?.closed).toEqual(["192.168.10.0/24", "192.168.20.11"]);
    expect(overlay(own, vteps(peer)).hosts.map(({ guard }) => guard)).toEqual([false]);
  });

  it("networks that another stack tells, as long as they are some", () => {
    const told = vteps({ a1: "192.168.10.11" }, ["192.168.10.0/24"]);
    expect(readVteps("a", { vteps: told })).toEqual({ vteps: told });
    expect(() => readVteps("a", { vteps: { ...told, networks: ["any"] } })).toThrow(ContractError);
  });
});

describe("the guard", () => {
  it("is on unless a host's settings switch it off, and the output tells", () => {
    const topology = referenceWith({ hosts: { kvm2: { guard: false } } });
    const { hosts } = planLab(topology, { lab: "vxlab/dev" });
    expect(hosts.map((host) => hostOutput(host, { hostKey }).guard)).toEqual([true, false]);
  });

  it("is needed by an existing host as long as it is on", () => {
    const needs = (guard?: boolean) => {
      const spec = {
        address: "172.20.0.5",
        existing: { hostKey },
        ...(guard === undefined ? {} : { guard }),
      };
      const topology = { ...reference(), hosts: { kvm1: spec }, containers: {} };
      return existingOf(planLab(topology, { lab: "vxlab/dev" }).hosts[0])?.needs;
    };
    expect([needs(), needs(true), needs(false)]).toEqual([["guard"], ["guard"], []]);
  });
});
