/** EVPN: who speaks BGP with whom, who may send, and that a host that joins changes no other. */
import { describe, expect, it } from "vitest";
import { planLab } from "../../plan/plan";
import type { HostPlan, LabPlan } from "../../plan/types";
import { labHints, labProblems } from "./problems";
import { ed25519FromSeed } from "../../plan/keys";
import { frozen, referenceWith } from "./reference";

const hostKey = ed25519FromSeed(new Uint8Array(32), "root@server").publicKeyLine;
const EVPN = { segments: { red: { flooding: "evpn" } } };
const plan = (fragment: object): LabPlan =>
  planLab(frozen(referenceWith({ ...EVPN, ...fragment })), { lab: "vxlab/dev" });
const hostsOf = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`kvm${i + 1}`, { address: `192.168.10.${i + 11}` }]),
  );
const grown = (count: number, more: object = {}) => {
  const { c1, c2 } = { c1: { host: "kvm1", segment: "red" }, c2: { host: "kvm2", segment: "red" } };
  const red = { vni: 100, subnet: "10.0.3.0/24", flooding: "evpn", ...more };
  return planLab(
    { underlay: {}, image: {}, hosts: hostsOf(count), segments: { red }, containers: { c1, c2 } },
    { lab: "vxlab/dev" },
  );
};
const host = ({ hosts }: LabPlan, name: string): HostPlan => {
  const found = hosts.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no host ${name}`);
  return found;
};

describe("a lab with EVPN", () => {
  it("has two reflectors, the first by name as people count, with whom all others have a session", () => {
    const lab = grown(12);
    const reflectors = lab.hosts.filter(({ router }) => router?.reflector === true).map(({ name }) => name);
    expect(reflectors).toEqual(["kvm1", "kvm2"]);
    expect(host(lab, "kvm10").router).toEqual({
      as: 65000,
      reflector: false,
      neighbours: [
        { host: "kvm1", address: "192.168.10.11", as: 65000 },
        { host: "kvm2", address: "192.168.10.12", as: 65000 },
      ],
    });
    expect(host(lab, "kvm1").router).toEqual({
      as: 65000,
      reflector: true,
      neighbours: [{ host: "kvm2", address: "192.168.10.12", as: 65000 }],
      listen: ["192.168.10.0/24"],
      // Without libvirt's own address.
      clients: ["192.168.10.2-192.168.10.254"],
    });
  });

  it("has no remotes, and takes packets of its underlay's hosts, on a UDP port of its own", () => {
    const [port] = host(grown(3), "kvm3").ports;
    expect(port).toMatchObject({ flooding: "evpn", udpPort: 4790, remotes: [] });
    expect(port?.senders).toEqual(["192.168.10.2-192.168.10.254"]);
  });

  it.each([12, 200])("of %i hosts is changed by one more in nothing that is another's", (count) => {
    const [before, after] = [grown(count), grown(count + 1)];
    expect(after.hosts.filter(({ name }) => name !== `kvm${count + 1}`)).toEqual(before.hosts);
  });

  it("by unicast is changed on every host: the control", () => {
    const [before, after] = [12, 13].map((count) => grown(count, { flooding: "unicast" }));
    const changed = (before?.hosts ?? []).filter(
      (one, i) => JSON.stringify(one) !== JSON.stringify(after?.hosts[i]),
    );
    expect(changed).toHaveLength(12);
  });

  it("takes AS number and reflectors from the settings, also a host without a segment", () => {
    const kvm3 = { hosts: { kvm3: { address: "192.168.10.33" } } };
    const red = { segments: { red: { flooding: "evpn", hosts: ["kvm1", "kvm2"] } } };
    const lab = plan({ ...kvm3, ...red, evpn: { as: 65001, reflectors: ["kvm3"] } });
    expect(host(lab, "kvm3")).toMatchObject({ ports: [], router: { as: 65001, reflector: true } });
    expect(host(lab, "kvm1").router?.neighbours).toEqual([
      { host: "kvm3", address: "192.168.10.33", as: 65001 },
    ]);
    expect(lab.evpn).toEqual({ as: 65001, reflectors: ["kvm3"] });
  });

  it("asks an existing host for FRR, and lets it in where it is outside of the underlay", () => {
    const server = { address: "172.20.0.5", existing: { hostKey } };
    const lab = plan({ hosts: { server }, underlay: { mode: "routed" } });
    expect(host(lab, "server")).toMatchObject({ existing: { needs: ["frr", "guard"] } });
    expect(host(lab, "kvm1").router).toMatchObject({
      listen: ["192.168.10.0/24", "172.20.0.5/32"],
      clients: ["192.168.10.2-192.168.10.254", "172.20.0.5"],
    });
  });

  it("says what may not be meant", () => {
    const hints = (fragment: object) => labHints(referenceWith(fragment));
    expect(hints({ ...EVPN, evpn: { reflectors: ["kvm1"] } })).toMatchObject([{ path: "evpn.reflectors" }]);
    expect(hints({ evpn: { as: 65001 } })).toMatchObject([{ path: "evpn" }]);
    expect(hints(EVPN)).toEqual([]);
  });

  it("is not there where no segment asks for it", () => {
    const lab = planLab(frozen(referenceWith({})), { lab: "vxlab/dev" });
    expect(lab.hosts.map((one) => "router" in one)).toEqual([false, false]);
    expect(lab).not.toHaveProperty("evpn");
  });
});

describe("refused", () => {
  const tells = (fragment: object) =>
    labProblems(referenceWith(fragment)).map(({ path, message }) => `${path}: ${message}`);

  it.each([
    ["an AS number of 32 bits", { evpn: { as: 65536 } }, "evpn.as: Is not an AS number"],
    ["0", { evpn: { as: 0 } }, "evpn.as: Is not an AS number"],
    ["no list", { evpn: { reflectors: "kvm1" } }, "evpn.reflectors: Is not a list of at least one name"],
    ["an empty list", { evpn: { reflectors: [] } }, "evpn.reflectors: Is not a list of at least one name"],
    [
      "a host that is none",
      { evpn: { reflectors: ["kvm9"] } },
      "evpn.reflectors[0]: Is not a host of this lab",
    ],
    [
      "a host twice",
      { evpn: { reflectors: ["kvm1", "kvm1"] } },
      "evpn.reflectors[1]: This host is already taken",
    ],
    ["an unknown key", { evpn: { reflector: [] } }, "evpn.reflector: Is not a setting"],
    ["another shape", { evpn: [] }, "evpn: Must be a mapping of settings"],
  ])("%s", (_, more, said) => {
    expect(tells({ ...EVPN, ...more })).toEqual([expect.stringContaining(said)]);
  });

  it.each([
    ["a hub", { hub: "kvm1" }, "segments.red.hub: Has no effect: only unicast flooding has hub"],
    ["a group", { group: "239.1.1.1" }, "segments.red.group: Has no effect"],
    ["GENEVE", { encapsulation: "geneve" }, "segments.red.encapsulation: Cannot be used with flooding: evpn"],
  ])("with %s", (_, more, said) => {
    expect(tells({ segments: { red: { flooding: "evpn", ...more } } })).toEqual([
      expect.stringContaining(said),
    ]);
  });

  it("over IPv6", () => {
    const hosts = {
      kvm1: { address: "fd00:10::156", bridgeAddress: undefined },
      kvm2: { address: "fd00:10::222", bridgeAddress: undefined },
    };
    expect(tells({ ...EVPN, underlay: { cidr: "fd00:10::/64" }, hosts })).toEqual([
      expect.stringContaining("segments.red.flooding: Needs an IPv4 underlay"),
    ]);
  });

  it("on a UDP port of Open vSwitch's tunnels; a multicast segment shares its port", () => {
    const blue = { vni: 200, vlan: 20, subnet: "10.7.0.0/24" };
    const boxes = { containers: { c1: { segment: "red" }, c2: { segment: "red" } } };
    const both = (one: object) =>
      tells({ segments: { red: { flooding: "evpn" }, blue: { ...blue, ...one } }, ...boxes });
    expect(both({ udpPort: 4790 })).toEqual([
      expect.stringContaining("4790 is the UDP port of the kernel's VXLAN device (segments.red)"),
    ]);
    expect(both({ flooding: "multicast" })).toEqual([]);
  });
});
