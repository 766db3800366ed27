/** Mistakes in different things are reported at once, although each leaves its thing out of the resolved lab; and each only once. */
import { describe, expect, it } from "vitest";
import { labProblems } from "./problems";
import { referenceWith } from "./reference";

const paths = (fragment: object) => labProblems(referenceWith(fragment)).map(({ path }) => path);

describe("what is wrong", () => {
  it("is said of every thing at once", () => {
    const broken = {
      underlay: { mtu: 100 },
      hosts: {
        kvm1: { mac: "01:00:5e:00:00:01" },
        kvm2: { address: "192.168.10.156", adress: "x" },
        far: { address: "192.168.11.5", bridge: "sixteen-bytes-xx" },
      },
      segments: {
        red: { vni: 0 },
        blue: { vni: 2 ** 24, subnet: "10.0.4.0/24", vlan: 7, ttl: 3 },
      },
      containers: {
        c1: { host: "kvm9" },
        c2: { segment: "red", address: "10.9.9.9/24" },
        c3: { host: "kvm1", segment: "blue", address: "10.0.5.1/24", kind: "dokcer" },
      },
    };
    expect(paths(broken)).toEqual([
      ...["hosts.kvm2.adress", "underlay.mtu", "hosts.far.address", "hosts.far.bridge", "hosts.kvm1.mac"],
      ...["segments.blue.vni", "segments.blue.ttl", "segments.red.vni"],
      ...["containers.c1.host", "containers.c1.segment", "containers.c2.address"],
      ...["containers.c3.kind", "containers.c3.address", "hosts.kvm2.address"],
    ]);
  });

  it.each<[string, object, string[]]>([
    ["underlay network", { underlay: { cidr: "192.168.10.7/24" } }, ["underlay.cidr"]],
    ["underlay MTU", { underlay: { mtu: "9000" }, segments: { red: { mtu: 8000 } } }, ["underlay.mtu"]],
    ["subnet", { segments: { red: { subnet: "10.0.3.0" } } }, ["segments.red.subnet"]],
    [
      "VLAN",
      {
        segments: { red: { vlan: "7" }, blue: { vni: 200, subnet: "10.7.0.0/24" } },
        containers: { c1: { segment: "red" }, c2: { segment: "red" } },
      },
      ["segments.red.vlan"],
    ],
    ["host address", { hosts: { kvm1: { address: "192.168.10.300" } } }, ["hosts.kvm1.address"]],
    ["kind of container", { containers: { c1: { kind: "lcx", env: { A: "1" } } } }, ["containers.c1.kind"]],
  ])("with a wrong %s is said once, and not of what depends on it", (_, fragment, said) => {
    expect(paths(fragment)).toEqual(said);
  });
});
