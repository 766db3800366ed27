/** guest drift all: what observe finds of every thing against its desired state, in words. */
import { beforeEach, describe, expect, it } from "vitest";
import { Flooding } from "../../plan/types";
import { FakeHost } from "./fake-host";

const LAB = "00c0ffee";
const TUNNEL = "vx100-c0a80ade";
const BRIDGE = {
  id: "lab-kvm1-vxbr",
  lab: LAB,
  bridge: "vxbr",
  mac: "0a:00:00:00:00:01",
  mtu: 1450,
  guard: false,
};
const PORT = {
  ...{ id: "lab-kvm1-red", lab: LAB, bridge: "vxbr", vni: 100, udpPort: 4789 },
  ...{ local: "192.168.10.156", remotes: ["192.168.10.222"] },
};
const BOX = {
  ...{ id: "lab-c1", lab: LAB, name: "c1" },
  interfaces: [
    {
      bridge: "vxbr",
      veth: "v-c1",
      mac: "02:00:00:00:00:01",
      mtu: 1450,
      addresses: ["10.0.3.10/24"],
      portSecurity: false,
    },
  ],
};
const INSIDE =
  "2: eth0@if5: <BROADCAST,UP> mtu 1450 qdisc noqueue state UP\\    link/ether 02:00:00:00:00:01\n" +
  "2: eth0    inet 10.0.3.10/24 brd 10.0.3.255 scope global eth0\\       valid_lft forever\n";

interface Row {
  port: string;
  label?: [string, string];
  tag?: number;
  protected?: boolean;
  type?: string;
  options?: Record<string, string>;
  bfd?: Record<string, string>;
}

const OPTIONS = { dst_port: "4789", key: "100", local_ip: "192.168.10.156", remote_ip: "192.168.10.222" };
const VX: Row = {
  ...{ port: TUNNEL, label: ["vxlab-port", `${LAB}-lab-kvm1-red`], tag: 0, protected: true },
  ...{ type: "vxlan", options: OPTIONS },
};
const OWN: Row = { port: "vxbr", tag: 0, type: "internal" };
const VETH: Row = { port: "v-c1", label: ["vxlab-container", `${LAB}-lab-c1`], tag: 0 };

const map = (entries: Record<string, string>) => ["map", Object.entries(entries)];

/** What ovsdb-client answers (RFC 7047 section 5.1). */
function ovs(rows: readonly Row[], mode = "secure"): string {
  const uuid = (i: number) => ["uuid", `u${i}`];
  return JSON.stringify([
    {
      rows: rows.map(({ port, type = "", options = {}, bfd = {} }) => ({
        bfd: map(bfd),
        error: ["set", []],
        name: port,
        options: map(options),
        type,
      })),
    },
    {
      rows: rows.map(({ port, label, tag, protected: alone = false }, i) => ({
        ...{ _uuid: uuid(i), name: port, protected: alone, trunks: ["set", []] },
        external_ids: map(label === undefined ? {} : { [label[0]]: label[1] }),
        tag: tag ?? ["set", []],
      })),
    },
    {
      rows: [
        {
          external_ids: map({ vxlab: LAB }),
          fail_mode: mode,
          name: "vxbr",
          ports: ["set", rows.map((_, i) => uuid(i))],
        },
      ],
    },
  ]);
}

let host: FakeHost;

function drift(): string[] {
  const { code, stdout } = host.guest(["drift", "all"]);
  expect(code).toBe(0);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { of: string; step?: string; found: string })
    .map(({ of, step = "-", found }) => `${of} ${step}: ${found}`);
}

const shown = (rows: readonly Row[], mode?: string) => host.shows("ovs", `${ovs(rows, mode)}\n`);

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.keeps("bridge", BRIDGE);
    host.keeps("port", PORT);
    host.keeps("container", BOX);
    for (const name of ["vxbr", "v-c1"]) host.shows(`net/${name}/flags`, "0x1003\n");
    host.shows("net/vxbr/address", "0a:00:00:00:00:01\n");
    host.shows("net/vxbr/mtu", "1450\n");
    host.shows("inside", INSIDE);
    host.shows("cgroups/lxc.payload.c1/cgroup.procs", "275\n");
    host.shows("proc/275/status", "Name:\tinit\nNSpid:\t275\t1\n");
    host.shows("differs", "");
    shown([OWN, VX, VETH]);
  });

  const ofPort = (text: string) => [`port lab-kvm1-red: ${text}`];

  it("a host as planned has none, and Open vSwitch is asked once", () => {
    host.calls();
    expect(drift()).toEqual([]);
    const asked = host.everything().map(([name]) => name);
    expect(asked.filter((name) => name === "ovsdb-client")).toHaveLength(1);
    expect(asked).not.toContain("ovs-vsctl");
  });

  it.each<[string, Row | undefined, string[]]>([
    ["is missing", undefined, ofPort(`tunnel ${TUNNEL} is missing`)],
    [
      "has another remote",
      { ...VX, options: { ...OPTIONS, remote_ip: "192.168.10.7" } },
      ofPort(`tunnel ${TUNNEL}: remote 192.168.10.7 instead of 192.168.10.222`),
    ],
    [
      "has another key",
      { ...VX, options: { ...OPTIONS, key: "101" } },
      ofPort(`tunnel ${TUNNEL}: VNI (key) 101 instead of 100`),
    ],
    [
      "has another UDP port",
      { ...VX, options: { ...OPTIONS, dst_port: "1" } },
      ofPort(`tunnel ${TUNNEL}: UDP port (dst_port) 1 instead of 4789`),
    ],
    [
      "has another option",
      { ...VX, options: { ...OPTIONS, tos: "8" } },
      ofPort(`tunnel ${TUNNEL}: option tos=8 is not in the plan`),
    ],
    ["has another tag", { ...VX, tag: 7 }, ofPort(`tunnel ${TUNNEL}: VLAN (tag) 7 instead of 0`)],
    [
      "has no split horizon",
      { ...VX, protected: false },
      ofPort(`tunnel ${TUNNEL}: protected false instead of true`),
    ],
    [
      "is probed by BFD",
      { ...VX, bfd: { enable: "true" } },
      ofPort(`tunnel ${TUNNEL}: BFD on instead of off`),
    ],
    [
      "is of another type",
      { ...VX, type: "geneve" },
      ofPort(`tunnel ${TUNNEL}: encapsulation geneve instead of vxlan`),
    ],
  ])("a tunnel that %s", (_, row, said) => {
    shown([OWN, VETH, ...(row === undefined ? [] : [row])]);
    expect(drift()).toEqual(said);
  });

  it("a port of the step that no plan has, and one that nobody knows", () => {
    const more: Row = { ...VX, port: "vx9", options: { ...OPTIONS, remote_ip: "192.168.10.9" } };
    shown([OWN, VX, VETH, more, { port: "tap7", type: "internal" }]);
    expect(drift().sort()).toEqual([
      "foreign -: port tap7 on vxbr",
      ...ofPort("tunnel vx9 is not in the plan"),
    ]);
  });

  it("a chain's port is not foreign", () => {
    shown([OWN, VX, VETH, { port: "ch1", label: ["vxlab-chain", `${LAB}-lab-kvm1-web`], type: "vxlan" }]);
    expect(drift()).toEqual([]);
  });

  it("a bridge's own interface", () => {
    host.shows("net/vxbr/mtu", "1400\n");
    host.shows("net/vxbr/address", "0a:00:00:00:00:02\n");
    host.shows("net/vxbr/flags", "0x1002\n");
    shown([OWN, VX, VETH], "standalone");
    expect(drift()).toEqual([
      "bridge lab-kvm1-vxbr: the interface vxbr is down",
      "bridge lab-kvm1-vxbr: MAC 0a:00:00:00:00:02 instead of 0a:00:00:00:00:01",
      "bridge lab-kvm1-vxbr: MTU 1400 instead of 1450",
      "security lab-kvm1-vxbr: bridge vxbr: fail_mode is not secure: when ovs-vswitchd restarts, port security is off until its flows are set",
    ]);
  });

  it("what is inside a container, and its port", () => {
    host.shows(
      "inside",
      "2: eth0@if5: <BROADCAST> mtu 1300 qdisc noqueue\\    link/ether 02:00:00:00:00:07\n2: eth0    inet 10.0.3.77/24 scope global eth0\n",
    );
    shown([OWN, VX, { ...VETH, tag: 20 }]);
    expect(drift()).toEqual(
      [
        "the interface eth0 is down",
        "eth0: VLAN 20 is not in the plan",
        "eth0: MTU 1300 instead of 1450",
        "eth0: MAC 02:00:00:00:00:07 instead of 02:00:00:00:00:01",
        "eth0: address 10.0.3.10/24 is missing",
        "eth0: address 10.0.3.77/24 is not in the plan",
      ].map((text) => `container lab-c1: ${text}`),
    );
  });

  it("a container's gateway, which is in the kernel's table of routes", () => {
    const [eth0] = BOX.interfaces as [(typeof BOX.interfaces)[0]];
    host.keeps("container", { ...BOX, interfaces: [{ ...eth0, gateway: "10.0.3.1" }] });
    const table = (gateway: string) =>
      host.shows(
        "proc/275/net/route",
        `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n${gateway}` +
          "eth0\t0003000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
      );
    table("eth0\t00000000\t0103000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");
    expect(drift()).toEqual([]);
    table("eth0\t00000000\tFE03000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");
    expect(drift()).toEqual(["container lab-c1: eth0: gateway 10.0.3.254 instead of 10.0.3.1"]);
    table("");
    expect(drift()).toEqual(["container lab-c1: eth0: gateway 10.0.3.1 is missing"]);
  });

  it("names and labels that look like the rows around them", () => {
    const odd = { port: 'x"},{"name":"y', label: ["a", '"],["vxlab-port","b'] as [string, string] };
    shown([OWN, odd, VX, { port: "z},{" }, VETH]);
    expect(drift()).toEqual([
      expect.stringMatching(/^foreign -: port x[?:]+name[?:]+y on vxbr$/),
      "foreign -: port z??? on vxbr",
    ]);
  });

  it("nft and ip are asked once for everything", () => {
    const table = "table inet vxlab_00c0ffee_dlab_dkvm1_dred_dservice {\n\tchain forward {\n\t}\n}\n";
    host.keeps("service", {
      ...{ id: "lab-kvm1-red-service", lab: LAB, bridge: "vxbr", device: "gw-red", local: "192.168.10.156" },
      ...{ mac: "02:00:00:00:00:02", mtu: 1450, addresses: ["10.0.3.1/24"], nat: true },
    });
    host.shows(
      "addresses",
      "2: eth0    inet 192.168.10.156/24 scope global eth0\n5: gw-red    inet 10.0.3.1/24 scope global gw-red\n",
    );
    for (const [name, text] of [
      ["flags", "0x1003"],
      ["address", "02:00:00:00:00:02"],
      ["mtu", "1450"],
    ] as const)
      host.shows(`net/gw-red/${name}`, `${text}\n`);
    for (const device of ["eth0", "gw-red"]) host.shows(`sys/net/ipv4/conf/${device}/forwarding`, "1");
    host.shows(`state/nft/${table.split(" ")[2]}`, table);
    host.shows("listing", `table ip other {\n}\n${table}`);
    shown([
      OWN,
      VX,
      VETH,
      { port: "gw-red", label: ["vxlab-service", `${LAB}-lab-kvm1-red-service`], tag: 0 },
    ]);
    host.calls();
    expect(drift()).toEqual([]);
    const asked = host.everything().map(([name]) => name);
    for (const name of ["nft", "ip", "ovs-ofctl"])
      expect([name, asked.filter((one) => one === name)]).toEqual([name, [name]]);
    host.shows("listing", table.replace("forward", "other"));
    host.shows("sys/net/ipv4/conf/eth0/forwarding", "0");
    expect(drift()).toEqual([
      "nat lab-kvm1-red-service: gw-red: the nft table inet vxlab_00c0ffee_dlab_dkvm1_dred_dservice is not as it was loaded",
      "nat lab-kvm1-red-service: gw-red: net.ipv4.conf.eth0.forwarding is not 1",
    ]);
    host.shows("listing", "");
    expect(drift()).toContain("service lab-kvm1-red-service: NAT is off instead of on");
  });

  it("a container whose port is unplugged, and one that does not run", () => {
    shown([OWN, VX]);
    expect(drift()).toEqual(["container lab-c1: eth0: its port v-c1 is not on a bridge"]);
    host.shows("cgroups/lxc.payload.c1/cgroup.procs", "");
    expect(drift()).toEqual(["container lab-c1: does not run"]);
  });

  it("a thing that cannot be looked at is one, and the others are looked at all the same", () => {
    host.keeps("container", { ...BOX, id: "lab-c0", name: "c0" });
    host.shows("cgroups/lxc.payload.c0/cgroup.procs", "0\n");
    host.shows("net/vxbr/mtu", "1400\n");
    const lines = drift();
    expect(lines).toContain("bridge lab-kvm1-vxbr: MTU 1400 instead of 1450");
    expect(lines.some((line) => line.startsWith("container lab-c0: "))).toBe(true);
    expect(lines.some((line) => line.startsWith("container lab-c1: "))).toBe(false);
  });

  it("Open vSwitch does not answer: that is said once, and neither of its ports nor of its flows anything", () => {
    host.keeps("port", { ...PORT, id: "lab-kvm1-blue", vni: 200, flooding: Flooding.Flow });
    host.forgets("ovs");
    host.calls();
    expect(drift()).toEqual([expect.stringMatching(/^switch -: Open vSwitch does not answer: /)]);
    expect(host.everything().filter(([name]) => /^ovs-(vs|of)ctl$/.test(name ?? ""))).toEqual([]);
  });

  it("Docker does not answer: that is said of each of its containers, and of nothing in them", () => {
    host.keeps("container", { ...BOX, id: "lab-w1", name: "w1", kind: "docker", image: "app:1" });
    host.shows("mute", "");
    expect(drift()).toEqual(["container lab-w1: docker does not answer"]);
  });
});
