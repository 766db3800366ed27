/** components/segment/ways/evpn.sh: the devices of a segment with EVPN, and the stations that a host tells the others of. */
import { beforeEach, describe, expect, it } from "vitest";
import { Flooding } from "../../plan/types";
import { FakeHost } from "./fake-host";
import type { Thing } from "./made";

const LAB = "00c0ffee";
const ID = `${LAB}-lab-kvm1-red`;
const OURS = `external_ids:vxlab-port="${ID}"`;
const PORT: Thing<"port"> = {
  ...{ id: "lab-kvm1-red", lab: LAB, bridge: "vxbr", vni: 100, udpPort: 4790, local: "192.168.10.11" },
  ...{ flooding: Flooding.Evpn, mtu: 1450, senders: ["192.168.10.2-192.168.10.254"] },
};
const MADE = `vxlab-evpn ${ID} 100 192.168.10.11 4790`;
const MAC = (n: number) => `02:00:00:00:00:0${n}`;
const C1: Thing<"container"> = {
  ...{ id: "lab-c1", lab: LAB, name: "c1" },
  interfaces: [
    { bridge: "vxbr", veth: "v-c1", mac: MAC(1), addresses: ["10.0.3.10/24", "fd00:3::10/64"] },
    { bridge: "vxbr", veth: "v-c1_1", mac: MAC(2), addresses: ["10.0.20.10/24"], vlan: 20 },
    { bridge: "vxbr", veth: "v-c1_2", mac: MAC(3), trunk: [{ vlan: 20, addresses: ["10.0.20.11/24"] }] },
    { bridge: "other", veth: "v-c1_3", mac: MAC(4), addresses: ["10.9.9.9/24"] },
  ],
};

let host: FakeHost;

/** The devices of another time, and what the kernel has of stations. */
function made(fdb: string[] = [], neigh: string[] = []): void {
  for (const device of ["ve100", "be100"]) host.shows(`net/${device}/ifalias`, `${MADE}\n`);
  host.shows("fdb", fdb.map((line) => `${line}\n`).join(""));
  host.shows("neigh", neigh.map((line) => `${line}\n`).join(""));
}

function apply(port: object = {}): string[] {
  host.calls();
  const { code, stderr } = host.guest(["apply", "port"], { ...PORT, ...port });
  expect([code, stderr]).toEqual([0, ""]);
  return host.everything().map((call) => call.join(" "));
}

const stations = (calls: string[]) =>
  calls.filter((call) => /^(bridge fdb|ip neigh) (replace|del) /.test(call)).sort();

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.11/24 scope global eth0\n");
  });

  it("joins the kernel's device and a port of the bridge by a Linux bridge, which answers for nobody", () => {
    host.shows("sys/net/ipv4/conf/be100/arp_ignore", "0\n");
    host.shows("sys/net/ipv6/conf/be100/disable_ipv6", "1\n");
    const calls = apply({ vlan: 20 });
    expect(calls.filter((call) => /(ve|oe)100/.test(call) && !call.includes("show"))).toEqual([
      "ovs-vsctl --if-exists del-port oe100",
      "ip link set dev ve100 up",
      `ovs-vsctl --may-exist add-port vxbr oe100 -- set port oe100 tag=20 ${OURS} -- set interface oe100 type=internal mtu_request=1450 ${OURS}`,
      "bridge link set dev ve100 learning off neigh_suppress on",
    ]);
    expect(host.read("sys/net/ipv4/conf/be100/arp_ignore")).toBe("8\n");
    expect(host.read("sys/net/ipv6/conf/be100/addr_gen_mode")).toBe("1\n");
    expect(host.read("sys/net/ipv6/conf/be100/disable_ipv6")).toBe("0\n");
    expect(host.said()).toContain("link set dev ve100 mtu 1450 master be100");
  });

  it("leaves alone what is there already, also with another VLAN", () => {
    made();
    expect(apply({ vlan: 30 }).filter((call) => call.includes("link add") || call.includes("del"))).toEqual(
      [],
    );
  });

  it("takes no interface of that name that is somebody else's", () => {
    host.shows("net/be100/ifalias", "\n");
    const { code, stderr } = host.guest(["apply", "port"], PORT);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("be100 is an interface of this host that is not"),
    ]);
    expect(host.changes()).toEqual([]);
  });

  it("tells of this host's stations in the segment: container, trunk, service, bridge", () => {
    made();
    host.keeps("container", C1);
    const gw = { id: "lab-kvm1-gw", lab: LAB, bridge: "vxbr", device: "gw", local: "192.168.10.11" };
    host.keeps("service", {
      ...gw,
      mac: MAC(5),
      mtu: 1450,
      addresses: ["10.0.20.1/24"],
      vlan: 20,
    });
    host.keeps("bridge", {
      id: "lab-kvm1-vxbr",
      lab: LAB,
      mac: MAC(6),
      address: "10.1.2.10/24",
    });
    const fdb = (n: number) => `bridge fdb replace ${MAC(n)} dev oe100 master static`;
    const neigh = (address: string, n: number) =>
      `ip neigh replace ${address} lladdr ${MAC(n)} dev be100 nud permanent`;
    expect(stations(apply())).toEqual(
      [fdb(1), fdb(6), neigh("10.0.3.10", 1), neigh("10.1.2.10", 6), neigh("fd00:3::10", 1)].sort(),
    );
    expect(stations(apply({ vlan: 20 }))).toEqual(
      [fdb(2), fdb(3), fdb(5), neigh("10.0.20.10", 2), neigh("10.0.20.11", 3), neigh("10.0.20.1", 5)].sort(),
    );
  });

  it("takes back what is not here any more, and leaves to FRR what is FRR's", () => {
    made(
      [`${MAC(1)} master be100 static`, `${MAC(7)} master be100 static`, `${MAC(8)} master be100 permanent`],
      [
        `10.0.3.10 lladdr ${MAC(1)} PERMANENT`,
        `10.0.3.77 lladdr ${MAC(7)} PERMANENT`,
        `10.0.3.88 lladdr ${MAC(8)} extern_learn NOARP proto zebra`,
        `fd00:3::10 lladdr ${MAC(9)} PERMANENT`,
      ],
    );
    host.keeps("container", C1);
    expect(stations(apply())).toEqual([
      `bridge fdb del ${MAC(7)} dev oe100 master`,
      "ip neigh del 10.0.3.77 dev be100",
      `ip neigh replace fd00:3::10 lladdr ${MAC(1)} dev be100 nud permanent`,
    ]);
  });

  it("says what somebody changed", () => {
    made([`${MAC(7)} master be100 static`]);
    host.keeps("port", PORT);
    for (const name of ["ve100", "oe100"]) host.shows(`net/${name}/flags`, "0x1003\n");
    host.shows("net/ve100/brport/neigh_suppress", "0\n");
    host.shows("sys/net/bridge/bridge-nf-call-iptables", "1\n");
    const { stdout } = host.guest(["drift"]);
    for (const said of [
      "ve100 is not a port of be100",
      "ve100 does not answer ARP itself",
      "stations are not as planned: fdb del 02:00:00:00:00:07",
      "net/bridge/bridge-nf-call-iptables is 1",
    ])
      expect(stdout).toContain(said);
    expect(stdout).toContain(`"of":"flows","lab":"${LAB}","step":"lab-kvm1-red"`);
  });

  it("a container's step tells of it, and its removal takes that back first of all labs' hosts", () => {
    made();
    host.keeps("port", PORT);
    host.keeps("container", { ...C1, id: "lab-c1" });
    const { stderr, code } = host.shell("ways stations");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stations(host.everything().map((call) => call.join(" ")))).toHaveLength(3);
    host.forgets("net/ve100");
    host.shell("ways stations");
    expect(
      stations(host.everything().map((call) => call.join(" "))),
      "without a segment it asks nobody",
    ).toEqual([]);
  });
});
