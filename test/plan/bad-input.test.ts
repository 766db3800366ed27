/** Every way to get a topology wrong: what is laid over the reference lab, where it is said, and in what words. */
import { describe, expect, it } from "vitest";
import { labProblems } from "./problems";
import { referenceWith } from "./reference";
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const underlay = (fragment: object) => ({ underlay: fragment });
const names = (nameservers: unknown) => underlay({ mode: "nat", nameservers });
const kvm1 = (fragment: object) => ({ hosts: { kvm1: fragment } });
const address = (value: unknown) => kvm1({ address: value });
const red = (fragment: object) => ({ segments: { red: fragment } });
const blue = (fragment: object) => ({
  segments: { blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 20, ...fragment } },
  containers: { c1: { segment: "red" }, c2: { segment: "red" } },
});
const c1 = (fragment: object) => ({ containers: { c1: fragment } });
const c3 = (fragment: object) => ({
  containers: { c3: { host: "kvm1", address: "10.0.3.30/24", ...fragment } },
});
const renamed = (section: string, from: string, to: string, entry: object) => ({
  [section]: { [from]: undefined, [to]: entry },
});
const host = (name: string) => ({ hosts: { [name]: { address: "192.168.10.9" } } });

const rows: Record<string, Row[]> = {
  underlay: [
    [
      underlay({ cidr: "192.168.10.7/24" }),
      "underlay.cidr",
      "the subnet is 192.168.10.0/24",
      "192.168.10.0/24",
    ],
    [underlay({ cidr: "192.168.10.0" }), "underlay.cidr", "no prefix length", "192.168.10.0/24"],
    [
      underlay({ cidr: "192.168.10.0/31" }),
      "underlay.cidr",
      "prefix length must be 8 to 30",
      "192.168.10.0/24",
    ],
    [underlay({ cidr: "0.0.0.0/0" }), "underlay.cidr", "0.0.0.0/8", "a network such as"],
    [underlay({ cidr: "224.0.0.0/8" }), "underlay.cidr", "multicast", "a network such as"],
    [underlay({ cidr: "127.0.0.0/8" }), "underlay.cidr", "loopback", "a network such as"],
    [underlay({ cidr: "169.254.7.0/24" }), "underlay.cidr", "link-local", "a network such as"],
    [underlay({ cidr: "fe80::/64" }), "underlay.cidr", "link-local", "a network such as"],
    [underlay({ cidr: "192.168.10.0/24/24" }), "underlay.cidr", "prefix length must be", "a network such as"],
    [underlay({ cidr: 10 }), "underlay.cidr", "text in quotes", "a network such as"],
    [underlay({ mtu: 1279 }), "underlay.mtu", "1280 to 9216", "from 1280 to 9216"],
    [underlay({ mtu: 9217 }), "underlay.mtu", "1280 to 9216", "from 1280 to 9216"],
    [underlay({ mtu: "1500" }), "underlay.mtu", "whole number", "without quotes"],
    [underlay({ mtu: 1500.5 }), "underlay.mtu", "whole number", "from 1280"],
    [underlay({ mode: "natt" }), "underlay.mode", "not a valid value", "Did you mean nat?"],
    [underlay({ mode: "bridged" }), "underlay.mode", "not a valid value", "isolated, nat"],
  ],
  "name servers": [
    [names("192.0.2.53"), "underlay.nameservers", "not a list", "a list of up to 3 addresses"],
    [names(null), "underlay.nameservers", "not a list", "[] for none"],
    [
      names(["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]),
      "underlay.nameservers",
      "Has 4 addresses",
      "up to 3",
    ],
    [names(["192.0.2.1", "ns.example.org"]), "underlay.nameservers[1]", "Is a name", "Write the address"],
    [names(["127.0.0.53"]), "underlay.nameservers[0]", "loopback", "can reach"],
    [names(["192.0.2.53/32"]), "underlay.nameservers[0]", "prefix length", "can reach"],
    [
      names(["fd00::53"]),
      "underlay.nameservers[0]",
      "IPv6 address, but this setting takes IPv4",
      "can reach",
    ],
    [names([53]), "underlay.nameservers[0]", "text in quotes", "can reach"],
    [
      underlay({ nameservers: ["192.168.10.1", "192.0.2.53"] }),
      "underlay.nameservers[1]",
      "outside 192.168.10.0/24, and this underlay is isolated",
      "underlay.mode: nat",
    ],
  ],
  image: [
    [{ image: { kind: "cloud" } }, "image.path", "does not build cloud images", "qcow2"],
    [{ image: { kind: "clod", path: "x" } }, "image.kind", "not a valid value", "Did you mean cloud?"],
    [{ image: { path: "" } }, "image.path", "not a file path", "qcow2"],
    [{ image: { path: "a\0b" } }, "image.path", "not a file path", "qcow2"],
  ],
  "host addresses": [
    [address(undefined), "hosts.kvm1.address", "missing", "192.168.10.2 to 192.168.10.254"],
    [address("192.168.10.0"), "hosts.kvm1.address", "network address of 192.168.10.0/24", "192.168.10.2 to"],
    [
      address("192.168.10.255"),
      "hosts.kvm1.address",
      "broadcast address of 192.168.10.0/24",
      "to 192.168.10.254",
    ],
    [address("192.168.10.1"), "hosts.kvm1.address", "gateway of 192.168.10.0/24", "192.168.10.2"],
    [address("192.168.11.5"), "hosts.kvm1.address", "outside 192.168.10.0/24", "192.168.10.2"],
    [address("192.168.10.300"), "hosts.kvm1.address", "not an IPv4 address", "free address"],
    [address("192.168.010.156"), "hosts.kvm1.address", "leading zeros", "free address"],
    [address("192.168.10.156/24"), "hosts.kvm1.address", "does not take", "free address"],
    [address("kvm1.example.org"), "hosts.kvm1.address", "a name", "free address"],
    [address("::ffff:192.168.10.156"), "hosts.kvm1.address", "IPv6", "free address"],
    [address("fe80::1"), "hosts.kvm1.address", "IPv6", "free address"],
    [address("169.254.10.5"), "hosts.kvm1.address", "outside 192.168.10.0/24", "free address"],
    [address("127.0.0.1"), "hosts.kvm1.address", "loopback", "free address"],
    [address("239.0.0.1"), "hosts.kvm1.address", "multicast", "free address"],
    [address("0.0.0.0"), "hosts.kvm1.address", "0.0.0.0/8", "free address"],
    [address("255.255.255.255"), "hosts.kvm1.address", "reserved", "free address"],
    [address(" 192.168.10.156"), "hosts.kvm1.address", "not an IPv4 address", "free address"],
    [address("192.168.10.156\n"), "hosts.kvm1.address", "not an IPv4 address", "free address"],
    [address("192.168.10"), "hosts.kvm1.address", "not an IPv4 address", "free address"],
    [address(""), "hosts.kvm1.address", "not an IPv4 address", "free address"],
    [address(3232238236), "hosts.kvm1.address", "text in quotes", "free address"],
    [address("192.168.10.222"), "hosts.kvm2.address", "taken by hosts.kvm1.address", "of its own"],
  ],
  bridges: [
    [kvm1({ bridgeAddress: "10.1.2.10" }), "hosts.kvm1.bridgeAddress", "no prefix length", "10.1.2.10/24"],
    [kvm1({ bridgeAddress: "10.1.2.0/24" }), "hosts.kvm1.bridgeAddress", "network address", "leave it out"],
    [
      kvm1({ bridgeAddress: "10.1.2.255/24" }),
      "hosts.kvm1.bridgeAddress",
      "broadcast address",
      "leave it out",
    ],
    [kvm1({ bridgeAddress: "169.254.1.1/16" }), "hosts.kvm1.bridgeAddress", "link-local", "leave it out"],
    [kvm1({ bridgeAddress: "169.1.2.10/8" }), "hosts.kvm1.bridgeAddress", "link-local", "leave it out"],
    [kvm1({ bridgeAddress: "10.1.2.10/33" }), "hosts.kvm1.bridgeAddress", "prefix length", "leave it out"],
    [
      kvm1({ bridgeAddress: "10.1.2.11/24" }),
      "hosts.kvm2.bridgeAddress",
      "taken by hosts.kvm1",
      "of its own",
    ],
    [
      kvm1({ bridgeAddress: "192.168.10.9/24" }),
      "hosts.kvm1.bridgeAddress",
      "Overlaps the underlay",
      "outside it",
    ],
    [
      kvm1({ bridgeAddress: "10.1.9.9/16" }),
      "hosts.kvm2.bridgeAddress",
      "overlaps 10.1.0.0/16 of hosts.kvm1.bridgeAddress, on the same Ethernet",
      "one prefix length",
    ],
    [
      kvm1({ bridgeAddress: "10.0.3.9/25" }),
      "hosts.kvm1.bridgeAddress",
      "overlaps 10.0.3.0/24 of segments.red.subnet",
      "Write 10.0.3.9/24, or an address outside 10.0.3.0/24",
    ],
    [
      kvm1({ bridgeAddress: "10.0.9.9/16" }),
      "hosts.kvm1.bridgeAddress",
      "overlaps 10.0.3.0/24",
      "Write an address outside 10.0.3.0/24, or leave it out",
    ],
    [
      { ...blue({ gateway: { host: "kvm1" } }), ...kvm1({ bridgeAddress: "10.7.0.9/24" }) },
      "hosts.kvm1.bridgeAddress",
      "kvm1 would have two overlapping networks: 10.7.0.0/24 (hosts.kvm1.bridgeAddress) and 10.7.0.0/24 (segments.blue.gateway)",
      "Write an address outside 10.7.0.0/24",
    ],
    [
      { ...blue({}), ...kvm1({ bridgeAddress: "10.7.0.1/24" }) },
      "hosts.kvm1.bridgeAddress",
      "overlaps 10.7.0.0/24 of segments.blue.subnet, which has a VLAN, while a bridge's own interface is untagged",
      "Write an address outside 10.7.0.0/24, or leave it out",
    ],
    [kvm1({ bridge: "a-bridge-too-long" }), "hosts.kvm1.bridge", "17 bytes", "at most 15 bytes"],
    [kvm1({ bridge: "-br" }), "hosts.kvm1.bridge", "not an interface name", "vxbr"],
    [kvm1({ bridge: "br/0" }), "hosts.kvm1.bridge", "not an interface name", "vxbr"],
    [kvm1({ bridge: "br 0" }), "hosts.kvm1.bridge", "not an interface name", "vxbr"],
    [kvm1({ bridge: ".." }), "hosts.kvm1.bridge", "not an interface name", "vxbr"],
    [kvm1({ bridge: "br\n" }), "hosts.kvm1.bridge", "not an interface name", "vxbr"],
    [kvm1({ bridge: "brücke" }), "hosts.kvm1.bridge", "not an interface name", "vxbr"],
    [kvm1({ bridge: "" }), "hosts.kvm1.bridge", "not an interface name", "vxbr"],
    [kvm1({ bridge: "eth0" }), "hosts.kvm1.bridge", "reserved by", "vxbr"],
    [kvm1({ bridge: "vxlan_sys_4789" }), "hosts.kvm1.bridge", "reserved by", "vxbr"],
    [kvm1({ guard: "no" }), "hosts.kvm1.guard", "neither true nor false", "guard: false"],
    [kvm1({ guard: null }), "hosts.kvm1.guard", "neither true nor false", "guard: false"],
    [kvm1({ bridge: "v-c1" }), "hosts.kvm1.bridge", "taken by containers.c1", "Rename one"],
    [kvm1({ bridge: "vx100-c0a80ade" }), "hosts.kvm1.bridge", "taken by segments.red.vni", "Rename one"],
  ],
  machines: [
    [kvm1({ memory: 127 }), "hosts.kvm1.memory", "128 to 1048576 (for a golden image)", "from 128"],
    [
      { image: { kind: "cloud", path: "x" }, ...kvm1({ memory: 256 }) },
      "hosts.kvm1.memory",
      "512 to",
      "from 512",
    ],
    [kvm1({ memory: 2 ** 31 }), "hosts.kvm1.memory", "MiB", "to 1048576"],
    [kvm1({ memory: "256M" }), "hosts.kvm1.memory", "MiB", "Write a number"],
    [kvm1({ vcpus: 0 }), "hosts.kvm1.vcpus", "1 to 64", "from 1 to 64"],
    [kvm1({ vcpus: 65 }), "hosts.kvm1.vcpus", "1 to 64", "from 1 to 64"],
    [kvm1({ vcpus: 1.5 }), "hosts.kvm1.vcpus", "whole number", "from 1 to 64"],
    [kvm1({ mac: "53:54:00:00:00:01" }), "hosts.kvm1.mac", "multicast", "52:54:00"],
    [kvm1({ mac: "00:00:00:00:00:00" }), "hosts.kvm1.mac", "all-zero", "52:54:00"],
    [kvm1({ mac: "52-54-00-00-00-01" }), "hosts.kvm1.mac", "not a MAC", "leave it out"],
    [kvm1({ mac: "52:54:00:00:00" }), "hosts.kvm1.mac", "not a MAC", "leave it out"],
    [kvm1({ mac: 1 }), "hosts.kvm1.mac", "not a MAC", "leave it out"],
    [
      { ...kvm1({ mac: "52:54:00:00:00:AA" }), ...c1({ mac: "52:54:00:00:00:aa" }) },
      "containers.c1.mac",
      "taken by hosts.kvm1.mac",
      "of its own",
    ],
  ],
  "host names": [
    [
      { hosts: { kvm1: undefined, kvm2: undefined }, containers: { c1: undefined, c2: undefined } },
      "hosts",
      "needs a host",
      "kvm1:",
    ],
    [host("Kvm3"), "hosts.Kvm3", "not a host name", "Rename"],
    [host("kvm-"), "hosts.kvm-", "not a host name", "Rename"],
    [host("-kvm"), "hosts.-kvm", "not a host name", "Rename"],
    [host("kvm.3"), 'hosts["kvm.3"]', "not a host name", "Rename"],
    [host("sixteen-letters-"), "hosts.sixteen-letters-", "1 to 15", "Rename"],
    [host(""), 'hosts[""]', "not a host name", "Rename"],
    [host("a; rm -rf /"), 'hosts["a; rm -rf /"]', "not a host name", "Rename"],
    [host("kvm\n"), 'hosts["kvm\\n"]', "not a host name", "Rename"],
    [host("ｋvm"), 'hosts["ｋvm"]', "not a host name", "Rename"],
  ],
  segments: [
    ...[0, -1, 1.5, 2 ** 24, NaN, Infinity, null].map((vni): Row => [
      red({ vni }),
      "segments.red.vni",
      "whole number from 1 to 16777215",
      "from 1 to 16777215",
    ]),
    [red({ vni: "10" }), "segments.red.vni", "not a VNI", "without quotes"],
    [red({ vni: undefined }), "segments.red.vni", "not a VNI", "Write a number"],
    [blue({ vni: 100 }), "segments.red.vni", "taken by segments.blue.vni", "of its own"],
    [red({ subnet: undefined }), "segments.red.subnet", "missing", "10.0.3.0/24"],
    [red({ subnet: "10.0.3.10/24" }), "segments.red.subnet", "the subnet is 10.0.3.0/24", "10.0.3.0/24"],
    [red({ subnet: "10.0.03.0/24" }), "segments.red.subnet", "leading zeros", "10.0.3.0/24"],
    [red({ subnet: "10.0.3.0/024" }), "segments.red.subnet", "prefix length", "10.0.3.0/24"],
    [red({ subnet: "10.0.3.0/" }), "segments.red.subnet", "prefix length", "10.0.3.0/24"],
    [
      blue({ subnet: "192.168.0.0/16" }),
      "segments.blue.subnet",
      "Overlaps the underlay 192.168.10.0/24",
      "10.0.0.0/8",
    ],
    [
      blue({ subnet: "10.1.2.0/24" }),
      "hosts.kvm1.bridgeAddress",
      "overlaps 10.1.2.0/24",
      "Write an address outside 10.1.2.0/24",
    ],
    [
      red({ mtu: 1451 }),
      "segments.red.mtu",
      "1450 is the underlay's 1500 less 50",
      "Leave it out to get 1450",
    ],
    [{ ...red({ mtu: 8951 }), ...underlay({ mtu: 9000 }) }, "segments.red.mtu", "9000 less 50", "get 8950"],
    [red({ mtu: 575 }), "segments.red.mtu", "576 to 1450", "Leave it out"],
    [red({ mtu: "1400" }), "segments.red.mtu", "whole number", "Leave it out"],
    [red({ vlan: 0 }), "segments.red.vlan", "not a VLAN", "from 1 to 4094"],
    [red({ vlan: 4095 }), "segments.red.vlan", "not a VLAN", "from 1 to 4094"],
    [
      { ...blue({}), segments: { ...blue({}).segments, red: { vlan: 20 } } },
      "segments.red.vlan",
      "taken by segments.blue.vlan, and kvm1 is in both",
      "Give it a VLAN of its own, or restrict the two to different hosts (segments.red.hosts)",
    ],
    [
      {
        ...blue({ hosts: ["kvm2"] }),
        segments: { ...blue({ hosts: ["kvm2"] }).segments, red: { vlan: 20 } },
      },
      "segments.red.vlan",
      "and kvm2 is in both",
      "of its own",
    ],
    [
      blue({ vlan: undefined }),
      "segments.red.vlan",
      "segments.blue has none either, and a bridge (kvm1)",
      "Give one of the two a VLAN from 1 to 4094",
    ],
    [
      blue({ vlan: undefined, hosts: ["kvm2"] }),
      "segments.red.vlan",
      "segments.blue has none either, and a bridge (kvm2)",
      "Give one of the two a VLAN",
    ],
    [
      renamed("segments", "red", "Red", { vni: 1, subnet: "10.0.3.0/24" }),
      "segments.Red",
      "1 to 15",
      "Rename",
    ],
    [
      renamed("segments", "red", "../red", { vni: 1, subnet: "10.0.3.0/24" }),
      'segments["../red"]',
      "1 to 15",
      "Rename",
    ],
  ],
  containers: [
    [
      c1({ host: "kvm3" }),
      "containers.c1.host",
      "not a host of this lab",
      "Did you mean kvm1? Known: kvm1, kvm2.",
    ],
    [c1({ host: "elsewhere" }), "containers.c1.host", "not a host of this lab", "Known: kvm1, kvm2."],
    [c1({ host: "constructor" }), "containers.c1.host", "not a host of this lab", "Known: kvm1, kvm2."],
    [c1({ host: undefined }), "containers.c1.host", "missing", "Known: kvm1, kvm2."],
    [c1({ segment: "rde" }), "containers.c1.segment", "not a segment", "Did you mean red? Known: red."],
    [c1({ segment: "blue" }), "containers.c1.segment", "not a segment", "Known: red."],
    [
      { ...blue({}), containers: { c1: {}, c2: { segment: "red" } } },
      "containers.c1.segment",
      "there are several",
      "blue, red",
    ],
    [c1({ address: 7 }), "containers.c1.address", "text in quotes", "10.0.3.1 to 10.0.3.254 with /24"],
    [c1({ address: "10.0.3.10" }), "containers.c1.address", "no prefix length", "with /24"],
    [c1({ address: "10.0.3.10/16" }), "containers.c1.address", "prefix length is /16", "with /24"],
    [c1({ address: "10.0.4.10/24" }), "containers.c1.address", "outside 10.0.3.0/24", "10.0.3.1 to"],
    [c1({ address: "10.0.3.0/24" }), "containers.c1.address", "network address", "10.0.3.1 to"],
    [c1({ address: "10.0.3.255/24" }), "containers.c1.address", "broadcast address", "10.0.3.1 to"],
    [c1({ address: "10.0.3.010/24" }), "containers.c1.address", "leading zeros", "10.0.3.1 to"],
    [
      c3({ address: "10.0.3.10/24" }),
      "containers.c3.address",
      "taken by containers.c1.address",
      "of its own",
    ],
    [
      kvm1({ bridgeAddress: "10.0.3.10/24" }),
      "containers.c1.address",
      "taken by hosts.kvm1.bridgeAddress",
      "of its own",
    ],
    [c1({ mac: "01:00:5e:00:00:01" }), "containers.c1.mac", "multicast", "leave it out"],
    [c1({ command: [] }), "containers.c1.command", "at least one word", "list of words"],
    [c1({ command: "/bin/sh" }), "containers.c1.command", "at least one word", "list of words"],
    [c1({ command: [""] }), "containers.c1.command[0]", "Is empty, but the first word", "list of words"],
    [c1({ command: ["", "-c"] }), "containers.c1.command[0]", "is the program", "list of words"],
    [c1({ command: ["/bin/sh", null] }), "containers.c1.command[1]", "not a word", "list of words"],
    [c1({ command: ["/bin/sh\0"] }), "containers.c1.command[0]", "NUL", "list of words"],
    [c1({ command: [7] }), "containers.c1.command[0]", "not a word", "list of words"],
  ],
  "container names": ["C3", "c_3", "-c3", "sixteen-letters-", "$(reboot)", "c3\0", "__proto__ "].map(
    (name): Row => [
      { containers: { [name]: { host: "kvm1", address: "10.0.3.30/24" } } },
      `containers${/^[\w-]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`}`,
      "1 to 15 characters from a-z",
      "Rename",
    ],
  ),
};

tellsOf(rows);

describe("together", () => {
  it("tells of everything at once, in the order of the settings", () => {
    const problems = labProblems(
      referenceWith({
        underlay: { mtu: 1 },
        image: { kind: "x" },
        hosts: { kvm1: { address: "" }, kvm2: { vcpus: 0 } },
        segments: { red: { vni: 0 } },
        containers: { c1: { host: "" }, c2: { mac: "" } },
      }),
    );
    const paths = [
      "underlay.mtu",
      "image.kind",
      "hosts.kvm1.address",
      "hosts.kvm2.vcpus",
      "segments.red.vni",
    ];
    expect(problems.map(({ path }) => path)).toEqual([...paths, "containers.c1.host", "containers.c2.mac"]);
  });

  it("shows what was written", () => {
    expect(labProblems(referenceWith(red({ vni: "10" })))[0]?.got).toBe("10");
    expect(labProblems(referenceWith(c1({ command: ["a", 7] })))[0]?.got).toBe(7);
  });
});
