/** As bad-input.test.ts, for fabrics: underlays, existing hosts, flooding, services, several interfaces. */
import { describe, expect, it } from "vitest";
import { labProblems } from "./problems";
import { TopologyError } from "../../plan/errors";
import { ed25519FromSeed } from "../../plan/keys";
import { referenceWith } from "./reference";
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const hostKey = ed25519FromSeed(new Uint8Array(32), "root@server").publicKeyLine;
const blob = hostKey.split(" ")[1] ?? "";

const red = (fragment: object) => ({ segments: { red: fragment } });
/** A tagged segment beside the reference lab's. */
const blue = (fragment: object = {}, over: object = {}) => ({
  segments: { blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 20, ...fragment } },
  containers: { c1: { segment: "red" }, c2: { segment: "red" } },
  ...over,
});
const kvm3 = (fragment: object) => ({ hosts: { kvm3: fragment } });
const server = (fragment: object, host: object = {}) =>
  kvm3({ address: "172.20.0.5", existing: { hostKey, ...fragment }, ...host });
const north = { cidr: "192.168.10.0/24" };
const underlays = (south: object, rest: object = {}) => ({
  ...{ underlay: { cidr: undefined, mtu: undefined, mode: undefined } },
  ...{ underlays: { north, south: { cidr: "192.168.20.0/24", ...south } } },
  ...rest,
});
/** A lab over IPv6, with a segment of both families. */
const six = (fragment: { underlay?: object; hosts?: object; red?: object }) => ({
  underlay: { cidr: "fd00:10::/64", ...fragment.underlay },
  hosts: {
    kvm1: { address: "fd00:10::156" },
    kvm2: { address: "fd00:10::222" },
    ...fragment.hosts,
  },
  segments: { red: { subnet6: "fd00:3::/64", ...fragment.red } },
});
const no6 = { subnet6: undefined, gateway: { host: "kvm1" } };
const rows: Record<string, Row[]> = {
  "remote VTEPs": [
    [red({ remotes: [] }), "segments.red.remotes", "at least one address", "192.168.10.250"],
    [red({ remotes: "192.168.10.77" }), "segments.red.remotes", "at least one address", "192.168.10.250"],
    [red({ remotes: ["kvm9"] }), "segments.red.remotes[0]", "Is a name", "IP address"],
    [red({ remotes: ["192.168.10.77/24"] }), "segments.red.remotes[0]", "prefix length", "IP address"],
    [red({ remotes: ["fd00::1"] }), "segments.red.remotes[0]", "takes IPv4", "family"],
    [red({ remotes: ["239.0.0.1"] }), "segments.red.remotes[0]", "multicast", "IP address"],
    [
      red({ remotes: ["192.168.10.222"] }),
      "segments.red.remotes[0]",
      "already taken by hosts.kvm2.address",
      "without it",
    ],
    [
      red({ remotes: ["192.168.10.77", "192.168.10.77"] }),
      "segments.red.remotes[1]",
      "already taken by segments.red.remotes[0]",
      "each once",
    ],
    [
      red({ remotes: ["192.168.10.77"], flooding: "flow" }),
      "segments.red.remotes",
      "needs to know every container",
      "flooding: unicast",
    ],
    [
      red({ remotes: ["192.168.10.77"], flooding: "multicast" }),
      "segments.red.remotes",
      "Cannot be used with flooding: multicast",
      "flooding: unicast",
    ],
    [red({ remotes: ["10.0.3.77"] }), "segments.red.subnet", "Contains 10.0.3.77, the VTEP of", "outside it"],
  ],
  "several underlays": [
    [{ underlays: { north } }, "underlay", "combined with vxlab:underlays", "underlay: {}"],
    [
      underlays({ cidr: "192.168.0.0/16" }),
      "underlays.south.cidr",
      "Overlaps 192.168.10.0/24",
      "not overlap",
    ],
    [underlays({ cidr: "fd00::/64" }), "underlays.south.cidr", "of one family", "192.168.10.0/24"],
    [underlays({ cidr: undefined }), "underlays.south.cidr", "Overlaps 192.168.10.0/24", "not overlap"],
    [underlays({ mtu: 9 }), "underlays.south.mtu", "1280 to 9216", "from 1280"],
    [underlays({ mode: "x" }), "underlays.south.mode", "not a valid value", "isolated, nat"],
    [underlays({ nameservers: ["127.0.0.1"] }), "underlays.south.nameservers[0]", "loopback", "can reach"],
    [
      underlays({ mode: "nat" }, kvm3({ address: "192.168.20.4" })),
      "underlays.south.mode",
      "Segment red also has hosts on other underlays, and libvirt lets nothing into a network that is behind NAT",
      "mode: routed",
    ],
    [
      underlays({ mode: "isolated", libvirtUri: "qemu+ssh://root@far/system" }),
      "underlays.south.mode",
      "another machine (qemu+ssh://root@far/system), and libvirt there lets nothing from here into a network that is isolated",
      "mode: routed",
    ],
    [
      underlays({ libvirtUri: "qemu+shs://far/system" }),
      "underlays.south.libvirtUri",
      "transport shs",
      "qemu+ssh",
    ],
    [underlays({ accel: "xen" }), "underlays.south.accel", "not a valid value", "kvm, qemu"],
    [{ underlay: { accel: "kvm" } }, "underlay.accel", "no effect", "underlays"],
    [
      underlays({ libvirtUri: "lxc:///" }),
      "underlays.south.libvirtUri",
      "libvirt's driver lxc, but vxlab needs qemu",
      "qemu:///system",
    ],
    [
      underlays({ libvirtUri: "qemu+ssh://root@far/session" }),
      "underlays.south.libvirtUri",
      "Ends in /session instead of /system",
      "qemu:///system",
    ],
    [
      underlays({ libvirtUri: "qemu+ssh://root@192.168.20.9/system" }),
      "underlays.south.cidr",
      "192.168.20.0/24 contains 192.168.20.9, where libvirt answers (qemu+ssh://root@192.168.20.9/system)",
      "unused network",
    ],
    // Each hypervisor has routes of its own to the others.
    [
      underlays({ libvirtUri: "qemu+tcp://192.168.10.9:16509/system" }),
      "underlays.north.cidr",
      "contains 192.168.10.9",
      "unused network",
    ],
    [underlays({ libvirtUri: "qemu" }), "underlays.south.libvirtUri", "not a libvirt URI", "qemu+ssh://"],
    [
      { underlays: { North: north }, underlay: underlays({}).underlay },
      "underlays.North",
      "1 to 15",
      "Rename",
    ],
    [{ underlay: { libvirtUri: "qemu:///system" } }, "underlay.libvirtUri", "no effect", "underlays"],
    [
      underlays({}, kvm3({ address: "192.168.30.4" })),
      "hosts.kvm3.address",
      "outside all underlays",
      "192.168.10.2 to 192.168.10.254, or of 192.168.20.2 to 192.168.20.254",
    ],
    [underlays({}, kvm3({ address: "192.168.20.1" })), "hosts.kvm3.address", "gateway of", "192.168.20.2"],
    [
      underlays({ mtu: 1400 }, { ...kvm3({ address: "192.168.20.4" }), ...red({ mtu: 1351 }) }),
      "segments.red.mtu",
      "1350 is the smallest underlay's 1400 less 50",
      "get 1350",
    ],
    [
      underlays({}, blue({ subnet: "192.168.20.0/24" })),
      "segments.blue.subnet",
      "the underlay 192.168.20.0/24",
      "outside it",
    ],
  ],
  "existing hosts": [
    [server({ hostKey: undefined }), "hosts.kvm3.existing.hostKey", "pinned key", "ssh_host_ed25519_key.pub"],
    [server({ hostKey: 7 }), "hosts.kvm3.existing.hostKey", "one line", "ssh_host"],
    [server({ hostKey: `${hostKey}\n` }), "hosts.kvm3.existing.hostKey", "one line", "ssh_host"],
    [server({ hostKey: blob }), "hosts.kvm3.existing.hostKey", "a key type", "ssh_host"],
    [server({ hostKey: `ssh-dss ${blob}` }), "hosts.kvm3.existing.hostKey", "a key type", "ssh_host"],
    [
      server({ hostKey: `ssh-rsa ${blob}` }),
      "hosts.kvm3.existing.hostKey",
      "not contain a public key",
      "ssh_host",
    ],
    [
      server({ hostKey: "ssh-ed25519 AAAA" }),
      "hosts.kvm3.existing.hostKey",
      "not contain a public key",
      "ssh_host",
    ],
    [
      server({ hostKey: `ssh-ed25519 ${blob}!` }),
      "hosts.kvm3.existing.hostKey",
      "not contain a public key",
      "ssh_host",
    ],
    [server({ keyFile: "" }), "hosts.kvm3.existing.keyFile", "file path", "~/.ssh/id_ed25519"],
    [server({ user: "a b" }), "hosts.kvm3.existing.user", "not a user name", "root"],
    [server({ port: 0 }), "hosts.kvm3.existing.port", "not a TCP port", "from 1 to 65535"],
    [server({ sshAddress: "server" }), "hosts.kvm3.existing.sshAddress", "a name", "IPv4 or IPv6 address"],
    [
      { ...server({ sshAddress: "10.0.3.99" }), ...red({ gateway: { host: "kvm3" } }) },
      "segments.red.gateway",
      "10.0.3.0/24 contains the sshAddress 10.0.3.99 of kvm3: its SSH replies would go into the overlay",
      "another subnet",
    ],
    [
      { ...server({ sshAddress: "10.0.3.99" }), ...red({ dhcp: { host: "kvm3", last: "10.0.3.250" } }) },
      "segments.red.dhcp",
      "contains the sshAddress 10.0.3.99",
      "write another host",
    ],
    [
      server({ sshAddress: "10.1.2.99" }, { bridgeAddress: "10.1.2.13/24" }),
      "hosts.kvm3.bridgeAddress",
      "contains the sshAddress 10.1.2.99",
      "Write an address outside 10.1.2.0/24, or leave it out",
    ],
    [
      server({ sshAddress: "10.1.2.13" }, { bridgeAddress: "10.1.2.13/24" }),
      "hosts.kvm3.bridgeAddress",
      "contains the sshAddress 10.1.2.13",
      "leave it out",
    ],
    [server({}, { memory: 512 }), "hosts.kvm3.memory", "no effect", "Leave it out"],
    [server({}, { vcpus: 2 }), "hosts.kvm3.vcpus", "no effect", "Leave it out"],
    [server({}, { mac: "52:54:00:00:00:01" }), "hosts.kvm3.mac", "no effect", "Leave it out"],
    [server({}, { address: "fd00::5" }), "hosts.kvm3.address", "IPv6 address, but", "its interface"],
    [server({}, { address: "192.168.10.1" }), "hosts.kvm3.address", "gateway of", "its interface"],
    [
      { ...server({}), ...red({ subnet: "172.20.0.0/16" }), containers: { c1: undefined, c2: undefined } },
      "segments.red.subnet",
      "Contains 172.20.0.5, the VTEP of hosts.kvm3",
      "outside it",
    ],
  ],
  IPv6: [
    [
      six({ hosts: { kvm1: { address: "192.168.10.156" } } }),
      "hosts.kvm1.address",
      "takes IPv6",
      "fd00:10::2",
    ],
    [
      six({ hosts: { kvm1: { address: "fe80::1" } } }),
      "hosts.kvm1.address",
      "link-local (fe80::/10)",
      "fd00:10::2",
    ],
    [six({ hosts: { kvm1: { address: "::1" } } }), "hosts.kvm1.address", "loopback", "fd00:10::2"],
    [six({ hosts: { kvm1: { address: "ff05::1" } } }), "hosts.kvm1.address", "multicast", "fd00:10::2"],
    [
      six({ hosts: { kvm1: { address: "::ffff:10.0.0.1" } } }),
      "hosts.kvm1.address",
      "IPv4-mapped",
      "fd00:10::2",
    ],
    [six({ hosts: { kvm1: { address: "fd00:10::1%eth0" } } }), "hosts.kvm1.address", "zone", "fd00:10::2"],
    [six({ hosts: { kvm1: { address: "fd00:10::1" } } }), "hosts.kvm1.address", "gateway", "fd00:10::2"],
    [
      six({ hosts: { kvm1: { address: "fd00:10:0::0222" } } }),
      "hosts.kvm2.address",
      "taken by hosts.kvm1",
      "own",
    ],
    [
      six({ underlay: { mode: "nat" }, red: no6 }),
      "segments.red.gateway",
      "kvm1 has no IPv4 address, which the gateway's NAT needs.",
      "IPv4 underlay or an existing host",
    ],
    [
      six({ underlay: { mode: "routed" }, red: { ...no6, dhcp: { host: "kvm1" } } }),
      "segments.red.gateway",
      "kvm1 has no IPv4 address",
      "leave it out",
    ],
    [six({ underlay: { cidr: "fd00:10::/121" } }), "underlay.cidr", "32 to 120", "fd00:10::/64"],
    [six({ red: { mtu: 1431 } }), "segments.red.mtu", "1430 is the underlay's 1500 less 70", "get 1430"],
    [six({ red: { mtu: 1279 } }), "segments.red.mtu", "1280 to 1430", "get 1430"],
    [six({ underlay: { mtu: 1340 } }), "segments.red.mtu", "needs 1280 bytes", "to 1350"],
    [six({ red: { subnet6: "fd00:10::/64" } }), "segments.red.subnet6", "Overlaps the underlay", "outside"],
    [six({ red: { subnet6: "fd00:3::/63" } }), "segments.red.subnet6", "64 to 120", "fd00:0:0:3::/64"],
    [
      six({ red: { subnet6: "fd00:3::1/64" } }),
      "segments.red.subnet6",
      "the subnet is fd00:3::/64",
      "fd00:0:0:3::/64",
    ],
    [six({ red: { subnet6: "10.0.0.0/24" } }), "segments.red.subnet6", "takes IPv6", "fd00:0:0:3::/64"],
    [red({ subnet: "fd00:3::/64" }), "segments.red.subnet", "takes IPv4", "10.0.3.0/24"],
    [
      six({ red: { flooding: "multicast", group: "239.1.1.1" } }),
      "segments.red.group",
      "takes IPv6",
      "ff05::",
    ],
    [
      { hosts: { kvm1: { bridgeAddress: "fd00::1/64" } } },
      "hosts.kvm1.bridgeAddress",
      "takes IPv4",
      "10.1.2.10/24",
    ],
  ],
  "members and hub": [
    [red({ hosts: [] }), "segments.red.hosts", "at least one name", "for all"],
    [red({ hosts: "kvm1" }), "segments.red.hosts", "at least one name", "for all"],
    [red({ hosts: ["kvm1", "kvm2", "kvm9"] }), "segments.red.hosts[2]", "not a host", "Did you mean kvm1?"],
    [
      red({ hosts: ["kvm1", "kvm2", "kvm1"] }),
      "segments.red.hosts[2]",
      "taken by segments.red.hosts[0]",
      "once",
    ],
    [red({ hosts: ["kvm1"] }), "containers.c2.host", "not in segment red", "Add kvm2 to segments.red.hosts"],
    [red({ hub: "kvm3" }), "segments.red.hub", "not a host of the segment", "kvm1, kvm2"],
    [blue({ hub: "kvm1", hosts: ["kvm2"] }), "segments.blue.hub", "not a host of the segment", "Known: kvm2"],
    [red({ hub: "kvm1", flooding: "flow" }), "segments.red.hub", "no effect", "unicast"],
    [red({ hub: "kvm1", flooding: "multicast" }), "segments.red.hub", "no effect", "unicast"],
  ],
  flooding: [
    [red({ flooding: "multcast" }), "segments.red.flooding", "not a valid value", "Did you mean multicast?"],
    [red({ group: "239.1.1.1" }), "segments.red.group", "no effect", "flooding: multicast"],
    [red({ ttl: 3 }), "segments.red.ttl", "no effect", "flooding: multicast"],
    [red({ flooding: "multicast", ttl: 0 }), "segments.red.ttl", "number of hops", "1 to 255"],
    [red({ flooding: "multicast", ttl: 256 }), "segments.red.ttl", "number of hops", "1 to 255"],
    [red({ flooding: "multicast", group: "10.0.0.1" }), "segments.red.group", "224.0.0.0/4", "239.1.2.3"],
    [red({ flooding: "multicast", group: "ff05::1" }), "segments.red.group", "takes IPv4", "239.1.2.3"],
    [red({ flooding: "multicast", group: 7 }), "segments.red.group", "text in quotes", "239.1.2.3"],
    [blue({ flooding: "multicast", udpPort: 4789 }), "segments.blue.udpPort", "cannot share it", "4790"],
    [
      {
        segments: {
          red: { flooding: "multicast", group: "239.0.0.9" },
          blue: { ...blue({}).segments.blue, flooding: "multicast", group: "239.0.0.9" },
        },
        containers: blue({}).containers,
      },
      "segments.red.group",
      "taken by segments.blue.group",
      "another",
    ],
  ],
};

tellsOf(rows);

describe("the hypervisor of a lab with one underlay", () => {
  const problems = (uri: string, fragment: object = {}) =>
    labProblems(referenceWith({ underlay: { mode: "routed" }, ...fragment }), "vxlab/dev", uri);

  it.each([
    "qemu+ssh://root@192.168.10.2/system",
    "qemu://192.168.10.156/system",
    "qemu+tcp://192.168.10.1/system",
  ])("must not be in the underlay: %s", (uri) => {
    const [problem, ...others] = problems(uri);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ path: "underlay.cidr", got: "192.168.10.0/24" });
    expect(problem?.message).toContain(`where libvirt answers (${uri})`);
  });

  it("must not be in an underlay of IPv6 either, nor in one that is not written", () => {
    const hosts = { kvm1: { address: "fd00:10::156" }, kvm2: { address: "fd00:10::222" } };
    const v6 = { underlay: { mode: "routed", cidr: "fd00:10::/64" }, hosts };
    expect(problems("qemu+ssh://root@[fd00:10::9]/system", v6)).toMatchObject([{ path: "underlay.cidr" }]);
    const usual = { underlay: { mode: "routed", cidr: undefined } };
    expect(problems("qemu+ssh://root@192.168.10.9/system", usual)).toMatchObject([
      { path: "underlay.cidr", got: undefined },
    ]);
  });

  it.each([
    "qemu:///system",
    "qemu+tcp://127.0.0.1/system",
    "qemu+ssh://root@192.168.11.2/system",
    "qemu+ssh://root@hypervisor/system",
  ])("may be elsewhere, or a name: %s", (uri) => expect(problems(uri)).toEqual([]));

  it("may have any address when all hosts exist already: then no network is created", () => {
    const all = server({}).hosts.kvm3;
    const lab = { ...referenceWith({}), hosts: { kvm1: all }, containers: {}, segments: {} } as never;
    expect(labProblems(lab, "vxlab/dev", "qemu+ssh://root@192.168.10.2/system")).toEqual([]);
  });

  it.each(["secret", "se@secret", "a:secret"])("is refused without printing the password %s", (password) => {
    const lab = referenceWith({ underlay: { mode: "isolated" } });
    const found = labProblems(lab, "vxlab/dev", `qemu+ssh://root:${password}@192.168.10.2:22/system`);
    const got = "qemu+ssh://root:…@192.168.10.2:22/system";
    expect(found).toMatchObject([{ path: "libvirtUri", got }, { path: "underlay.mode" }]);
    expect(new TopologyError(found).message).not.toContain("secret");
  });

  it.each(["lxc:///", "qemu:///session"])("must be the system's QEMU, which %s is not", (uri) => {
    expect(problems(uri)).toMatchObject([{ path: "libvirtUri", got: uri }]);
  });
});

describe("an existing host", () => {
  it("answers SSH at an address of a segment that it has none in", () => {
    const elsewhere = { ...server({ sshAddress: "10.0.3.99" }), ...red({ gateway: { host: "kvm1" } }) };
    expect(labProblems(referenceWith(elsewhere))).toEqual([]);
  });

  it("may be a gateway with a VTEP of IPv6, and a machine may lend addresses over IPv6", () => {
    const kvm3 = { address: "fd00:20::5", existing: { hostKey } };
    const lab = six({ hosts: { kvm3 }, red: { gateway: { host: "kvm3" } } });
    expect(labProblems(referenceWith(lab))).toEqual([]);
    expect(labProblems(referenceWith(six({ red: { dhcp: { host: "kvm1", first: "10.0.3.99" } } })))).toEqual(
      [],
    );
  });
});
