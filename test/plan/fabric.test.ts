/** What is decided of a fabric, part by part. */
import { describe, expect, it } from "vitest";
import { hostOutput } from "../../plan/lab-output";
import { ed25519FromSeed } from "../../plan/keys";
import { planLab } from "../../plan/plan";
import type { LabPlan, Topology } from "../../plan/types";
import { labHints } from "./problems";
import { existingOf, frozen, reference, referenceWith } from "./reference";

const hostKey = ed25519FromSeed(new Uint8Array(32), "root@server").publicKeyLine;
const planned = (topology: Topology): LabPlan => planLab(frozen(topology), { lab: "vxlab/dev" });
const plan = (fragment: object): LabPlan => planned(referenceWith(fragment));
const red = (fragment: object) => ({ segments: { red: fragment } });
const kvm3 = { hosts: { kvm3: { address: "192.168.10.33" } } };
const port = ({ hosts }: LabPlan, host: string, segment = "red") =>
  hosts.find(({ name }) => name === host)?.ports.find((one) => one.segment === segment);
const nics = ({ containers }: LabPlan, name: string) =>
  containers.find((container) => container.name === name)?.interfaces ?? [];

describe("a computed address", () => {
  const auto = (name: string, fragment: object = {}) =>
    nics(plan({ ...red(fragment), containers: { [name]: { host: "kvm1" } } }), name)[0]?.addresses;

  it("is the same for ever: these are pinned", () => {
    expect(auto("web")).toEqual(["10.0.3.52/24"]);
    expect(auto("web", { subnet6: "fd00:3::/64" })).toEqual([
      "10.0.3.52/24",
      "fd00:3::2a64:8e07:d389:faa9/64",
    ]);
  });

  it("depends on segment and container, not on lab, host, VNI or VLAN", () => {
    expect(auto("web", { vni: 7, vlan: 9, mtu: 1400 })).toEqual(auto("web"));
    const moved = plan({ containers: { web: { host: "kvm2" } } });
    expect(nics(moved, "web")[0]?.addresses).toEqual(auto("web"));
    expect(auto("db")).not.toEqual(auto("web"));
  });

  it("gives way to the segment's own services only where they are", () => {
    const names = Array.from({ length: 40 }, (_, i) => `box${i}`);
    const dhcp = { dhcp: { host: "kvm1" } };
    const before = names.map((name) => auto(name)?.[0] ?? "");
    const after = names.map((name) => auto(name, dhcp)?.[0] ?? "");
    const lent = (address: string) => Number(/\.(\d+)\//.exec(address)?.[1]) >= 192;
    expect(before.some(lent)).toBe(true);
    expect(after.some(lent)).toBe(false);
    expect(after.filter((address, i) => address !== before[i])).toHaveLength(before.filter(lent).length);
  });

  it("is none with none", () => {
    const both = {
      ...red({ subnet6: "fd00:3::/64" }),
      containers: { c1: { address: "none", address6: "none" } },
    };
    expect(nics(plan(both), "c1")[0]).toMatchObject({ addresses: [], dhcp: false });
  });
});

describe("a container's interfaces", () => {
  const segments = {
    blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 20, mtu: 1400 },
    green: { vni: 300, subnet: "10.8.0.0/24", vlan: 30, gateway: { host: "kvm2" } },
  };
  const fabric = plan({
    segments,
    containers: {
      c1: {
        address: undefined,
        interfaces: [{ segment: "red", address: "10.0.3.10/24" }, { segment: "green" }, { trunk: ["blue"] }],
      },
      c2: { segment: "red" },
    },
  });
  const [eth0, eth1, eth2] = nics(fabric, "c1");

  it("are named eth0, eth1, … with a veth and a MAC each, the first as if it were alone", () => {
    const alone = nics(plan({}), "c1")[0];
    expect([eth0?.name, eth1?.name, eth2?.name]).toEqual(["eth0", "eth1", "eth2"]);
    expect([eth0?.veth, eth1?.veth, eth2?.veth]).toEqual(["v-c1", "v-c1_1", "v-c1_2"]);
    expect(eth0?.mac).toBe(alone?.mac);
    expect(new Set([eth0?.mac, eth1?.mac, eth2?.mac]).size).toBe(3);
  });

  it("have the default route by the first segment with a gateway", () => {
    expect([eth0?.gateway, eth1?.gateway]).toEqual([undefined, "10.8.0.1"]);
  });

  it("may be a trunk: tagged segments, each with its MTU and a computed address", () => {
    expect(eth2).toMatchObject({ addresses: [], dhcp: false, mtu: 1400 });
    expect(eth2).not.toHaveProperty("segment");
    expect(eth2).not.toHaveProperty("vlan");
    expect(eth2?.trunk).toEqual([
      {
        segment: "blue",
        vlan: 20,
        addresses: [expect.stringMatching(/^10\.7\.0\.\d+\/24$/) as string],
        mtu: 1400,
        portSecurity: true,
      },
    ]);
  });

  it("may be Docker's, with the image's own command", () => {
    const c1 = { kind: "docker", image: "debian:12", env: { B: "2", A: "1" } };
    const made = plan({ image: { kind: "docker" }, containers: { c1 } });
    expect(made.containers[0]).toMatchObject({ kind: "docker", image: "debian:12", command: [] });
    expect(Object.keys(made.containers[0]?.env ?? {})).toEqual(["A", "B"]);
    expect(made.hosts.map((host) => "memory" in host && host.memory)).toEqual([512, 512]);
  });
});

describe("services", () => {
  it("lend the upper quarter, with the segment's MTU", () => {
    const { services, containers } = plan({
      ...red({ dhcp: { host: "kvm2" }, gateway: { host: "kvm2" } }),
      containers: { c1: { address: "dhcp" } },
    });
    expect(services).toEqual([
      {
        ...{
          segment: "red",
          host: "kvm2",
          device: "gw-red",
          mtu: 1450,
          addresses: ["10.0.3.1/24"],
          nat: true,
          closed: ["192.168.10.0/24"],
        },
        mac: expect.stringMatching(/^06:/) as string,
        dhcp: { first: "10.0.3.192", last: "10.0.3.254", router: "10.0.3.1", mtu: 1450 },
      },
    ]);
    expect(containers[0]?.interfaces[0]).toMatchObject({ dhcp: true, addresses: [] });
    expect(containers[0]?.interfaces[0], "told by the server").not.toHaveProperty("gateway");
    expect(containers[1]?.interfaces[0]?.gateway).toBe("10.0.3.1");
  });

  it("may be a DHCP server alone, on the first address, with a range of its own", () => {
    const dhcp = { host: "kvm1", first: "10.0.3.100", last: "10.0.3.120" };
    const [service] = plan(red({ dhcp, vlan: 7 })).services;
    expect(service).toMatchObject({ nat: false, vlan: 7, addresses: ["10.0.3.1/24"] });
    expect(service).not.toHaveProperty("closed");
    expect(service?.dhcp).toEqual({ first: "10.0.3.100", last: "10.0.3.120", mtu: 1450 });
  });
});

describe("who talks to whom", () => {
  it("only a segment's own hosts have a port of it", () => {
    const blue = { vni: 200, subnet: "10.7.0.0/24", vlan: 20, hosts: ["kvm3", "kvm1"] };
    const fabric = plan({
      ...kvm3,
      segments: { blue },
      containers: { c1: { segment: "red" }, c2: { segment: "red" } },
    });
    expect(fabric.hosts.map(({ ports }) => ports.map(({ segment }) => segment))).toEqual([
      ["red", "blue"],
      ["red"],
      ["red", "blue"],
    ]);
    expect(port(fabric, "kvm3", "blue")?.remotes.map(({ host }) => host)).toEqual(["kvm1"]);
  });

  it("spokes have one tunnel to the hub, which passes frames on", () => {
    const fabric = plan({ ...kvm3, ...red({ hub: "kvm2" }) });
    const ways = ["kvm1", "kvm2", "kvm3"].map((host) => {
      const own = port(fabric, host);
      return [own?.protected, own?.remotes.map((remote) => remote.host)];
    });
    expect(ways).toEqual([
      [true, ["kvm2"]],
      [false, ["kvm1", "kvm3"]],
      [true, ["kvm2"]],
    ]);
  });
});

describe("flooding", () => {
  it.each([
    [100, "239.0.0.100"],
    [0x010203, "239.1.2.3"],
    [2 ** 24 - 1, "239.255.255.255"],
  ])("by multicast of VNI %i goes to %s, on a port of its own", (vni, group) => {
    const own = port(plan(red({ vni, flooding: "multicast" })), "kvm1");
    expect(own).toMatchObject({ flooding: "multicast", group, ttl: 16, udpPort: 4790 });
  });

  it("by flows knows everybody elsewhere, sorted by MAC: containers, services, bridges", () => {
    const fabric = plan({
      ...kvm3,
      ...red({ flooding: "flow", gateway: { host: "kvm2" }, dhcp: { host: "kvm2" } }),
      containers: { lent: { host: "kvm2", address: "dhcp" } },
    });
    const own = port(fabric, "kvm1");
    expect(own).toMatchObject({ flooding: "flow", udpPort: 4789 });
    const stations = own?.stations ?? [];
    expect(stations.map(({ mac }) => mac)).toEqual(stations.map(({ mac }) => mac).sort());
    expect(new Set(stations.map(({ vtep }) => vtep))).toEqual(new Set(["192.168.10.222"]));
    expect(stations.map(({ addresses }) => addresses.join()).sort()).toEqual([
      ...["", "10.0.3.1", "10.0.3.11", "10.1.2.11"],
    ]);
    expect(port(fabric, "kvm3")?.stations).toHaveLength(6);
    expect(port(plan({}), "kvm1")).not.toHaveProperty("stations");
  });

  it("by multicast and by tunnels go together on one host", () => {
    const blue = { vni: 200, subnet: "10.7.0.0/24", vlan: 20, flooding: "multicast" };
    const green = { vni: 300, subnet: "10.8.0.0/24", vlan: 30, flooding: "flow" };
    const boxes = { c1: { segment: "red" }, c2: { segment: "red" } };
    const own = hostOutput(plan({ segments: { blue, green }, containers: boxes }).hosts[0], {
      hostKey,
    });
    expect(own.ports.map(({ udpPort, tunnels }) => [udpPort, tunnels[0]?.port])).toEqual([
      [4789, "vx100-c0a80ade"],
      [4790, "vm200"],
      [4789, "vf300"],
    ]);
  });
});

describe("IPv6 underlays", () => {
  const six = plan({
    underlay: { cidr: "fd00:10::/64" },
    hosts: {
      kvm1: { address: "FD00:10:0:0::156", bridgeAddress: undefined },
      kvm2: { address: "fd00:10::222", bridgeAddress: undefined },
    },
    ...red({ flooding: "multicast", vni: 0x010203 }),
  });

  it("cost 20 bytes more, and everything is of that family", () => {
    expect(six.family).toBe(6);
    expect(six.underlays).toMatchObject([{ cidr: "fd00:10::/64", prefix: 64, gateway: "fd00:10::1" }]);
    expect(
      six.hosts.map(({ address }) => address),
      "in one spelling",
    ).toEqual(["fd00:10::156", "fd00:10::222"]);
    expect(port(six, "kvm1")).toMatchObject({ mtu: 1430, group: "ff05::1:2:3" });
  });
});

describe("name servers", () => {
  const of = (underlay: object) =>
    planned(referenceWith({ underlay })).underlays.map(({ nameservers }) => nameservers);

  it.each([
    ["isolated", []],
    ["nat", ["192.168.10.1"]],
    ["routed", ["192.168.10.1"]],
  ])("of an underlay that is %s are %j", (mode, expected) => expect(of({ mode })).toEqual([expected]));

  it("are those that are written, in their order, or none", () => {
    expect(of({ mode: "nat", nameservers: ["192.0.2.9", "192.0.2.1"] })).toEqual([
      ["192.0.2.9", "192.0.2.1"],
    ]);
    expect(of({ mode: "nat", nameservers: [] })).toEqual([[]]);
    expect(of({ nameservers: ["192.168.10.1"] }), "an isolated network has its hypervisor").toEqual([
      ["192.168.10.1"],
    ]);
  });

  it("are of the underlay's family, in one spelling", () => {
    const hosts = { kvm1: { address: "fd00:10::156" }, kvm2: { address: "fd00:10::222" } };
    const six = (more: object) =>
      planned(referenceWith({ hosts, underlay: { cidr: "fd00:10::/64", mode: "nat", ...more } })).underlays;
    expect(six({})).toMatchObject([{ nameservers: ["fd00:10::1"] }]);
    expect(six({ nameservers: ["FD00:0::0:53"] })).toMatchObject([{ nameservers: ["fd00::53"] }]);
  });
});

describe("several underlays", () => {
  const underlays = {
    north: { cidr: "192.168.10.0/24", mtu: 9000 },
    south: { cidr: "192.168.20.0/24", mtu: 2000, libvirtUri: "qemu+ssh://root@south/system" },
  };
  const hosts = {
    kvm1: { address: "192.168.10.156" },
    kvm2: { address: "192.168.10.222" },
    kvm3: { address: "192.168.20.3" },
  };
  const near = { vni: 200, subnet: "10.7.0.0/24", vlan: 20, hosts: ["kvm1", "kvm2"] };
  const boxes = { c1: { segment: "red" }, c2: { segment: "red" } };
  const topology = {
    ...referenceWith({ segments: { near }, containers: boxes }),
    underlay: {},
    underlays,
    hosts,
  };
  const fabric = planned(topology);

  it("are one network each, and each host is on its own", () => {
    expect(fabric.underlays.map(({ name, gateway, libvirtUri }) => [name, gateway, libvirtUri])).toEqual([
      ["north", "192.168.10.1", undefined],
      ["south", "192.168.20.1", "qemu+ssh://root@south/system"],
    ]);
    expect(fabric.underlays.map(({ mode }) => mode)).toEqual(["routed", "routed"]);
    expect(fabric.hosts).toMatchObject(["north", "north", "south"].map((name) => ({ underlay: { name } })));
  });

  it("count with the smallest MTU that a segment has under it", () => {
    expect([port(fabric, "kvm1")?.mtu, port(fabric, "kvm1", "near")?.mtu]).toEqual([1950, 8950]);
  });

  it("are no place for a group, which a hint says", () => {
    const grouped = {
      ...topology,
      segments: { near: { ...near, hosts: undefined, flooding: "multicast" } },
      containers: {},
    };
    expect(labHints(grouped as never)).toMatchObject([{ path: "segments.near.flooding", got: "multicast" }]);
  });
});

describe("an existing host", () => {
  const server = { address: "172.20.0.5", existing: { hostKey } };

  it("is reached as root with the user's own key, unless it says otherwise", () => {
    const [known] = plan({ hosts: { server } }).hosts.filter(({ name }) => name === "server");
    expect(known).toMatchObject({ address: "172.20.0.5" });
    expect(Object.keys(known ?? {})).not.toEqual(expect.arrayContaining(["mac"]));
    expect(existingOf(known)).toEqual({
      ...{ sshAddress: "172.20.0.5", port: 22, user: "root", hostKey, keyFile: "~/.ssh/id_ed25519" },
      ...{ mtu: 1500, needs: ["guard"] },
    });
    expect(known).not.toHaveProperty("underlay");
    const told = hostOutput(known, { hostKey });
    expect(told.existing).toEqual({ sshAddress: "172.20.0.5", port: 22, user: "root" });
    expect(told).not.toHaveProperty("domain");
  });

  it("needs no underlay of ours, nor its family", () => {
    const existing = { hostKey, sshAddress: "192.0.2.7", port: 2222, user: "lab", keyFile: "/k" };
    const alone = planned({ ...reference(), hosts: { a: { address: "fd00::5", existing } }, containers: {} });
    expect([alone.family, alone.underlays]).toEqual([6, []]);
    expect(existingOf(alone.hosts[0])).toEqual({ ...existing, mtu: 1500, needs: ["guard"] });
    expect(alone.hosts[0]?.ports[0]?.mtu).toBe(1430);
  });

  it("has to take what its segments send; without any, what overlays may count on", () => {
    const mtuOf = (fragment: object) =>
      existingOf(plan(fragment).hosts.find(({ name }) => name === "server"))?.mtu;
    expect(mtuOf({ hosts: { server }, ...red({ mtu: 1400 }) })).toBe(1450);
    const bare = (mtu: number, hosts: object) => {
      const topology = { ...reference(), underlay: { mtu }, hosts, segments: {}, containers: {} } as Topology;
      return existingOf(planned(topology).hosts.find(({ name }) => name === "server"))?.mtu;
    };
    const mixed = { server, kvm1: { address: "192.168.10.11" } };
    expect([bare(1400, { server }), bare(9000, { server })]).toEqual([1400, 9000]);
    expect([bare(1400, mixed), bare(9000, mixed)]).toEqual([1400, 1500]);
  });
});

describe("hints", () => {
  it("name a group between existing hosts that are routed to each other", () => {
    const existing = { hostKey };
    const hosts = { a: { address: "172.20.1.5", existing }, b: { address: "172.20.2.5", existing } };
    const segments = { red: { vni: 100, subnet: "10.0.3.0/24", flooding: "multicast" } };
    const lab = (b: string) =>
      labHints({
        ...reference(),
        hosts: { ...hosts, b: { address: b, existing } },
        segments,
        containers: {},
      });
    expect(lab("172.20.2.5")).toMatchObject([{ path: "segments.red.flooding" }]);
    expect(lab("172.20.1.6")).toEqual([]);
  });

  it("name a group behind libvirt's NAT, which changes the source of its packets", () => {
    const all = { containers: { c2: { host: "kvm1" } } };
    const grouped = (mode: string, change: object = {}) =>
      labHints(referenceWith({ underlay: { mode }, ...red({ flooding: "multicast", ...change }), ...all }));
    expect(grouped("nat")).toMatchObject([{ path: "segments.red.flooding", got: "multicast" }]);
    for (const mode of ["routed", "isolated"]) expect(grouped(mode)).toEqual([]);
    expect(grouped("nat", { hosts: ["kvm1"] })).toEqual([]);
  });

  it("name an IPv6 underlay that libvirt does not translate", () => {
    const hosts = { kvm1: { address: "fd00:10::156" }, kvm2: { address: "fd00:10::222" } };
    const six = (mode: string) =>
      labHints(referenceWith({ underlay: { cidr: "fd00:10::/64", mode }, hosts }));
    expect(six("nat")).toMatchObject([{ path: "underlay.mode", got: "nat" }]);
    expect([...six("routed"), ...six("isolated")]).toEqual([]);
    expect(labHints(referenceWith({ underlay: { mode: "nat" } }))).toEqual([]);
  });

  it("name a gateway that leads nowhere", () => {
    const closed = referenceWith(red({ gateway: { host: "kvm1" } }));
    expect(labHints(closed)).toMatchObject([
      { path: "segments.red.gateway", cure: "Write underlay.mode: nat for a way out of the lab." },
    ]);
    for (const mode of ["nat", "routed"])
      expect(labHints(referenceWith({ underlay: { mode }, ...red({ gateway: { host: "kvm1" } }) }))).toEqual(
        [],
      );
  });
});
