/** Texts that real machines have printed: Debian 12, Open vSwitch 3.1, iproute2 6.1, iputils 20221126, tcpdump 4.99. */
import { describe, expect, it } from "vitest";
import { parseProbe } from "../../verify/evidence/probe";
import { sections } from "../../verify/evidence/text";
import { Encapsulation } from "../../plan/net/encap";
import { parsePing, parsePings } from "../../verify/evidence/pings";
import { parseCapture } from "../../verify/evidence/wire";

const OVS = [
  '{"data":[["vxbr",false,["set",[]],["set",[]]],["v-c1",false,0,["set",[]]],["v-d1",false,20,["set",[]]],' +
    '["vx100-c0a80ade",true,["set",[]],["set",[]]],["vx70000-0a80ade",true,20,["set",[10,20]]]],' +
    '"headings":["name","protected","tag","trunks"]}',
  '{"data":[["vxbr","internal",65534,["set",[]],["map",[]]],["v-c1","",5,["set",[]],["map",[]]],["v-d1","",6,["set",[]],["map",[]]],' +
    '["vx100-c0a80ade","vxlan",2,["set",[]],["map",[["dst_port","4789"],["key","100"],["local_ip","192.168.10.156"],["remote_ip","192.168.10.222"]]]],' +
    '["vx70000-0a80ade","vxlan",["set",[]],"vx70000-0a80ade: bad vxlan \'remote_ip\'\\nvxlan type requires valid \'remote_ip\' argument",["map",[["remote_ip","bad"]]]]],' +
    '"headings":["name","type","ofport","error","options"]}',
].join("\n");

const BRIDGE =
  '[{"ifindex":4,"ifname":"vxbr","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1450,"qdisc":"noqueue","operstate":"UNKNOWN","address":"0a:4e:40:55:16:49","addr_info":[{"family":"inet","local":"10.1.2.10","prefixlen":24,"scope":"global"},{"family":"inet6","local":"fe80::84e:40ff:fe55:1649","prefixlen":64,"scope":"link"}]}]';
const ETH0 =
  '[{"ifindex":2,"link_index":7,"ifname":"eth0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1450,"address":"02:fe:40:d0:21:eb","link_netnsid":0,"addr_info":[{"family":"inet","local":"10.0.3.10","prefixlen":24,"scope":"global"}]}]';

describe("a probe", () => {
  const text = [
    "== ovs",
    OVS,
    "== bridge",
    BRIDGE,
    "== container c1 RUNNING 328",
    ETH0,
    "== container d1 STOPPED 0",
    "",
  ];
  const facts = parseProbe(text.join("\n"));

  it("reads the switch's ports", () => {
    expect(facts.ports?.get("vx100-c0a80ade")).toEqual({
      type: "vxlan",
      ofport: 2,
      error: "",
      protected: true,
      trunks: [],
      options: { dst_port: "4789", key: "100", local_ip: "192.168.10.156", remote_ip: "192.168.10.222" },
    });
  });

  it("reads whose a port is, its bridge, its VLAN mode and its packets, and whose the bridges are", () => {
    // ovs-vsctl 3.1, cut: a container's port, a tunnel, a port that nobody of vxlab's made.
    const none = '["set",[]]';
    const tables = [
      `{"data":[[["uuid","a1"],"v-c1",false,0,${none},${none},["map",[["vxlab-container","lab-c1"]]]],` +
        `[["uuid","a2"],"tap0",false,${none},["set",[7,9]],"native-untagged",["map",[]]]],` +
        '"headings":["_uuid","name","protected","tag","trunks","vlan_mode","external_ids"]}',
      `{"data":[["v-c1",5,${none},["map",[]],["map",[["rx_bytes",90],["rx_packets",3],["tx_packets",4]]],["map",[]]],` +
        `["tap0",6,${none},["map",[]],["map",[]],["map",[["diagnostic","Control Detection Time Expired"],["state","down"]]]]],` +
        '"headings":["name","ofport","error","options","statistics","bfd_status"]}',
      '{"data":[["vxbr",["set",[["uuid","a1"],["uuid","a9"]]],["map",[["vxlab","cafe0001"]]]],' +
        '["br-user",["uuid","a2"],["map",[]]]],"headings":["name","ports","external_ids"]}',
    ];
    const read = parseProbe(`== ovs\n${tables.join("\n")}`);
    expect(read.ports?.get("v-c1")).toMatchObject({
      bridge: "vxbr",
      step: "lab-c1",
      packets: { in: 3, out: 4 },
    });
    const tap = { type: "", ofport: 6, error: "", protected: false, options: {}, bridge: "br-user" };
    const bfd = "down (Control Detection Time Expired)";
    expect(read.ports?.get("tap0")).toEqual({ ...tap, trunks: [7, 9], vlanMode: "native-untagged", bfd });
    expect(read.ports?.get("v-c1")).not.toHaveProperty("bfd");
    expect(Object.fromEntries(read.bridges ?? [])).toEqual({ vxbr: "cafe0001", "br-user": "" });
  });

  it("reads what is kept, what runs, and what has changed", () => {
    const read = parseProbe(
      [
        ...["== kept", "port lab-kvm1-red cafe0001 100", "container lab-c1 cafe0001 c1", "broken"],
        ...["== boxes", "lxc c1 RUNNING -", "docker vxlab-d1 RUNNING 90 lab-d1", "docker web exited 0 "],
        ...["== drift 0", '{"of":"flows","step":"lab-kvm1-red","found":"bf100: …"}'],
      ].join("\n"),
    );
    expect(read.kept).toEqual([
      { kind: "port", step: "lab-kvm1-red", lab: "cafe0001", key: "100" },
      { kind: "container", step: "lab-c1", lab: "cafe0001", key: "c1" },
    ]);
    expect(read.boxes).toEqual([
      { kind: "lxc", name: "c1", state: "RUNNING" },
      { kind: "docker", name: "vxlab-d1", state: "RUNNING", step: "lab-d1" },
      { kind: "docker", name: "web", state: "exited" },
    ]);
    expect(read.drift).toEqual([{ of: "flows", step: "lab-kvm1-red", found: "bf100: …" }]);
    expect(parseProbe("== drift 0\n").drift).toEqual([]);
    const old = parseProbe("== drift 1\nvxlab: usage: guest apply|remove");
    expect([old.drift, old.trouble.get("drift")]).toEqual([undefined, "vxlab: usage: guest apply|remove"]);
  });

  it("tells a tag from none, and 0 from none", () => {
    const tags = ["v-c1", "v-d1", "vx100-c0a80ade"].map((name) => facts.ports?.get(name)?.tag);
    expect(tags).toEqual([0, 20, undefined]);
  });

  it("reads a refused tunnel: no ofport, an error of two lines", () => {
    expect(facts.ports?.get("vx70000-0a80ade")).toMatchObject({
      ofport: -1,
      error: "vx70000-0a80ade: bad vxlan 'remote_ip'; vxlan type requires valid 'remote_ip' argument",
      trunks: [10, 20],
    });
  });

  it("reads links: their IPv4 addresses, not the ones the kernel gives itself", () => {
    expect(facts.bridge).toEqual({
      mac: "0a:4e:40:55:16:49",
      mtu: 1450,
      up: true,
      addresses: ["10.1.2.10/24"],
    });
  });

  it("reads containers, those too that do not run", () => {
    expect(facts.containers.get("c1")).toMatchObject({ state: "RUNNING", pid: 328 });
    expect([...(facts.containers.get("c1")?.nics?.values() ?? [])]).toMatchObject([{ mtu: 1450 }]);
    expect(facts.containers.get("d1")).toEqual({ state: "STOPPED", pid: 0 });
    expect(facts.trouble.size).toBe(0);
  });

  it("reads every interface of a container, its addresses of both families, and the kernel's vxlan devices", () => {
    const link = (ifname: string, family: string, local: string, prefixlen: number) => ({
      ...{ ifname, flags: ["UP"], mtu: 1430, address: "02:00:00:00:00:01" },
      addr_info: [
        { family: "inet6", local: "fe80::1", prefixlen: 64, scope: "link" },
        { family, local, prefixlen, scope: "global" },
      ],
    });
    const box = [link("eth0", "inet", "10.0.3.10", 24), link("eth0.20", "inet6", "fd00:4::10", 64)];
    // `ip -j -d link show type vxlan` of iproute2 6.1, cut.
    const vxlans = `[{},{"ifname":"vm300","flags":["BROADCAST","UP"],"mtu":1430,"linkinfo":{"info_kind":"vxlan","info_data":{"id":300,"group6":"ff05::1:2c","link":"eth0","local6":"fd00:10::1","port":4790,"ttl":16}}}]`;
    const text = `== vxlan\n${vxlans}\n== container c1 RUNNING 328\n${JSON.stringify(box)}\n== service gw-red\n${JSON.stringify([link("gw-red", "inet", "10.0.3.1", 24)])}`;
    const read = parseProbe(text);
    expect([...(read.containers.get("c1")?.nics ?? [])].map(([name, nic]) => [name, nic.addresses])).toEqual([
      ["eth0", ["10.0.3.10/24"]],
      ["eth0.20", ["fd00:4::10/64"]],
    ]);
    expect(read.vxlans?.get("vm300")).toEqual({
      vni: 300,
      udpPort: 4790,
      group: "ff05::1:2c",
      ttl: 16,
      up: true,
    });
    expect(read.services.get("gw-red")?.addresses).toEqual(["10.0.3.1/24"]);
  });

  it("keeps the words of what could not be asked", () => {
    const broken = parseProbe(
      [
        "== ovs",
        "ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (No such file or directory)",
        "== bridge",
        'Device "vxbr" does not exist.',
        "== container c1 RUNNING 328",
        "nsenter: cannot open /proc/328/ns/net: No such file or directory",
      ].join("\n"),
    );
    expect(broken.ports).toBeUndefined();
    expect(broken.bridge).toBeUndefined();
    expect(Object.fromEntries(broken.trouble)).toEqual({
      ovs: "ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (No such file or directory)",
      bridge: 'Device "vxbr" does not exist.',
      "container c1": "nsenter: cannot open /proc/328/ns/net: No such file or directory",
    });
  });

  it("is not put off by complaints in between", () => {
    const warning =
      "2026-11-22T17:01:40Z|00001|timeval|WARN|Unreasonably long 1051ms poll interval (373ms user, 67ms system)";
    const noisy = parseProbe(["== ovs", warning, OVS, "== bridge", warning, BRIDGE].join("\n"));
    expect(noisy.ports).toEqual(facts.ports);
    expect(noisy.bridge).toEqual(facts.bridge);
    expect(noisy.trouble.size).toBe(0);
  });

  it("of nothing is nothing", () => {
    expect(parseProbe("")).toEqual({ containers: new Map(), services: new Map(), trouble: new Map() });
    expect(sections("a login banner\n== ovs\nx")).toEqual([{ kind: "ovs", words: [], body: "x" }]);
  });
});

const STATISTICS = "--- 10.0.3.11 ping statistics ---";

describe("a ping", () => {
  it.each([
    [
      "that is answered",
      `PING 10.0.3.11 (10.0.3.11) 56(84) bytes of data.
64 bytes from 10.0.3.11: icmp_seq=1 ttl=64 time=136 ms

${STATISTICS}
1 packets transmitted, 1 received, 0% packet loss, time 1ms
rtt min/avg/max/mdev = 136.051/136.051/136.051/0.000 ms`,
      { fate: "answered", sent: 1, received: 1, ms: 136, least: 136.051 },
    ],
    [
      "that is answered on the second try",
      `PING 10.0.3.11 (10.0.3.11) 56(84) bytes of data.
64 bytes from 10.0.3.11: icmp_seq=2 ttl=64 time=2.76 ms

${STATISTICS}
2 packets transmitted, 1 received, 50% packet loss, time 1036ms`,
      { fate: "answered", sent: 2, received: 1, ms: 2.76 },
    ],
    [
      "answered twice",
      `PING 10.0.3.11 (10.0.3.11) 56(84) bytes of data.
64 bytes from 10.0.3.11: icmp_seq=1 ttl=64 time=58.6 ms
64 bytes from 10.0.3.11: icmp_seq=1 ttl=64 time=58.6 ms (DUP!)
64 bytes from 10.0.3.11: icmp_seq=2 ttl=64 time=4.47 ms

--- 10.0.3.11 ping statistics ---
2 packets transmitted, 2 received, +1 duplicates, 0% packet loss, time 202ms
rtt min/avg/max/mdev = 4.473/40.569/58.638/25.523 ms`,
      { fate: "answered", sent: 2, received: 2, ms: 58.6, least: 4.473, duplicates: 1 },
    ],
    [
      "too long for the interface",
      `ping: local error: message too long, mtu=1450
PING 10.0.3.11 (10.0.3.11) 1423(1451) bytes of data.

${STATISTICS}
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 1ms`,
      {
        ...{ fate: "too long", sent: 1, received: 0, mtu: 1450 },
        complaint: "ping: local error: message too long, mtu=1450",
      },
    ],
    [
      "too long, in the words of newer iputils",
      `PING 10.0.3.11 (10.0.3.11) 1423(1451) bytes of data.
ping: sendmsg: Message too long

${STATISTICS}
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms`,
      { fate: "too long", sent: 1, received: 0, complaint: "ping: sendmsg: Message too long" },
    ],
    [
      "that is lost",
      `PING 10.0.3.99 (10.0.3.99) 56(84) bytes of data.

${STATISTICS}
2 packets transmitted, 0 received, 100% packet loss, time 1036ms`,
      { fate: "no answer", sent: 2, received: 0 },
    ],
    [
      "that nobody is there for",
      `PING 10.0.3.99 (10.0.3.99) 56(84) bytes of data.
From 10.0.3.10 icmp_seq=1 Destination Host Unreachable

${STATISTICS}
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms`,
      { fate: "no answer", sent: 1, received: 0 },
    ],
    [
      "without a route",
      "ping: connect: Network is unreachable",
      { fate: "not sent", complaint: "ping: connect: Network is unreachable" },
    ],
    [
      "out of a container that is gone",
      "nsenter: cannot open /proc/4711/ns/net: No such file or directory",
      { fate: "not sent", complaint: "nsenter: cannot open /proc/4711/ns/net: No such file or directory" },
    ],
  ])("%s", (_, text, facts) => {
    expect(parsePing(text)).toEqual(facts);
  });

  it.each([
    ["no answer to ARP", "10.0.4.10 INCOMPLETE ", undefined],
    ["none, and given up", "10.0.4.10 FAILED ", undefined],
    ["an answer", "10.0.4.10 lladdr 02:79:ee:5a:e1:45 REACHABLE ", "02:79:ee:5a:e1:45"],
  ])("on link: %s", (_, neighbour, mac) => {
    const text = `PING 10.0.4.10 (10.0.4.10) from 10.0.3.10 eth0: 56(84) bytes of data.

--- 10.0.4.10 ping statistics ---
2 packets transmitted, 0 received, 100% packet loss, time 1002ms

${neighbour}`;
    expect(parsePing(text).neighbour).toBe(mac);
  });

  it("is found by its name among many", () => {
    const text =
      "== ping ping/c1/c2\n1 packets transmitted, 1 received\n\n== ping mtu/c1/c2/1451\nping: local error: message too long, mtu=1450\n";
    expect([...parsePings(text)].map(([name, { fate }]) => [name, fate])).toEqual([
      ["ping/c1/c2", "answered"],
      ["mtu/c1/c2/1451", "too long"],
    ]);
  });
});

describe("a capture", () => {
  it("gives requests and replies with their outer packet", () => {
    const text = `16:00:15.518489 IP 192.168.10.222.47250 > 192.168.10.156.4789: VXLAN, flags [I] (0x08), vni 100
IP 10.0.3.11 > 10.0.3.10: ICMP echo request, id 1816, seq 1, length 64
16:00:16.162442 IP 192.168.10.156.45703 > 192.168.10.33.4790: VXLAN, flags [I] (0x08), vni 70000
IP 10.0.4.10 > 10.0.4.11: ICMP echo reply, id 1931, seq 1, length 1430
`;
    expect(parseCapture(text)).toEqual([
      {
        src: "192.168.10.222",
        dst: "192.168.10.156",
        udpPort: 4789,
        encapsulation: Encapsulation.Vxlan,
        vni: 100,
        inner: { src: "10.0.3.11", dst: "10.0.3.10", what: "request" },
      },
      {
        src: "192.168.10.156",
        dst: "192.168.10.33",
        udpPort: 4790,
        encapsulation: Encapsulation.Vxlan,
        vni: 70000,
        inner: { src: "10.0.4.10", dst: "10.0.4.11", what: "reply" },
      },
    ]);
  });

  it("tells another header from VXLAN, on whatever port", () => {
    // `tcpdump -n -T vxlan` 4.99.3 of a GENEVE packet without options, and of a header of neither.
    const text = (
      flags: string,
    ) => `00:00:01.0 IP 192.168.10.1.40000 > 192.168.10.2.7000: VXLAN, flags [invalid] (${flags}), vni 100
IP 10.0.3.10 > 10.0.3.11: ICMP echo request, id 4, seq 1, length 40
`;
    const seen = { udpPort: 7000, vni: 100 };
    expect(parseCapture(text("0x00"))).toMatchObject([{ ...seen, encapsulation: Encapsulation.Geneve }]);
    expect(parseCapture(text("0x40"))).toMatchObject([{ ...seen, encapsulation: undefined }]);
  });

  it("reads IPv6, outside and inside", () => {
    const text = `16:00:15.5 IP6 fd00:10::222.47250 > fd00:10::156.4789: VXLAN, flags [I] (0x08), vni 100
IP6 fd00:3::11 > fd00:3::10: ICMP6, echo request, id 1816, seq 1, length 64
`;
    expect(parseCapture(text)).toEqual([
      {
        ...{
          src: "fd00:10::222",
          dst: "fd00:10::156",
          udpPort: 4789,
          encapsulation: Encapsulation.Vxlan,
          vni: 100,
        },
        inner: { src: "fd00:3::11", dst: "fd00:3::10", what: "request" },
      },
    ]);
  });

  it.each([
    [
      "a packet whose second line is not there yet",
      "16:00:15.5 IP 10.0.0.1.1 > 10.0.0.2.4789: VXLAN, flags [I] (0x08), vni 100",
    ],
    [
      "ARP",
      "16:00:15.5 IP 10.0.0.1.1 > 10.0.0.2.4789: VXLAN, flags [I] (0x08), vni 100\nARP, Request who-has 10.0.3.11 tell 10.0.3.10, length 28",
    ],
    [
      "what is no VXLAN",
      "16:00:15.5 IP 10.0.0.1.1 > 10.0.0.2.53: UDP, length 20\nIP 10.0.3.11 > 10.0.3.10: ICMP echo request, id 1",
    ],
    ["nothing", ""],
  ])("leaves out %s", (_, text) => {
    expect(parseCapture(text)).toEqual([]);
  });
});
