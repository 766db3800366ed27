/** components/segment/guest.sh: segments that flood by multicast, or not at all; and from one way to another. */
import { beforeEach, describe, expect, it } from "vitest";
import { existsSync } from "node:fs";
import { Flooding } from "../../plan/types";
import { MAX_GROUPS } from "../../components/segment/ways/multicast";
import { FakeHost } from "./fake-host";
import { envelopeOf, type Thing } from "./made";

const LAB = "00c0ffee";
const STEP = "lab-kvm1-red";
const ID = `${LAB}-${STEP}`;
const PORT: Thing<"port"> = {
  id: STEP,
  lab: LAB,
  bridge: "vxbr",
  vni: 100,
  udpPort: 4789,
  local: "192.168.10.156",
  flooding: Flooding.Unicast,
  protected: true,
  mtu: 1450,
  remotes: ["192.168.10.222", "192.168.10.30"],
  stations: [],
};
const MULTICAST = { ...PORT, flooding: Flooding.Multicast, group: "239.0.0.100", ttl: 16 };
const FLOW = {
  ...PORT,
  flooding: Flooding.Flow,
  stations: [{ mac: "02:00:00:00:00:02", addresses: ["10.0.3.11", "fd00::11"], vtep: "192.168.10.222" }],
};
const MADE = `vxlab ${ID} 100 239.0.0.100 eth0 192.168.10.156 16 4789`;
const OURS = `external_ids:vxlab-port="${ID}"`;

/** Comes before the name of a bridge. */
const UUID = "9dc2a8c4-7a3e-4b8c-8f7b-0d7f0c0ffee0";

let host: FakeHost;

function apply(state: object, ports: string[] = []): string[][] {
  host.has(ports, []);
  host.calls();
  const { code, stderr } = host.guest(["apply", "port"], state);
  expect([code, stderr]).toEqual([0, ""]);
  return host.everything();
}

const said = (calls: string[][], what: string) =>
  calls.map((call) => call.join(" ")).filter((c) => c.includes(what));

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
    host.shows("sys/net/ipv4/igmp_max_memberships", "20\n");
  });

  it("a hub's tunnels pass on to each other", () => {
    const calls = apply({ ...PORT, protected: false });
    expect(said(calls, "protected=false")).toHaveLength(1);
    expect(said(calls, "protected=true")).toEqual([]);
  });

  it("tunnels that are probed by BFD are set so, and no more when they are not", () => {
    const SET = "bfd:enable=true";
    const CLEAR = "clear interface vx100-c0a80ade bfd";
    const calls = apply({ ...PORT, bfd: true });
    expect([said(calls, SET), said(calls, CLEAR)].map((all) => all.length)).toEqual([1, 0]);
    expect(said(calls, SET)[0]?.split(SET)).toHaveLength(3);
    const off = apply(PORT);
    expect([said(off, SET), said(off, CLEAR)].map((all) => all.length)).toEqual([0, 1]);
    const never = apply(PORT);
    expect(said(never, "bfd")).toEqual([]);
  });

  describe("multicast", () => {
    /** The VTEP is on an interface by which nothing leaves a host. */
    const onLo = (device: string, flags: string) => {
      host.shows("addresses", `1: ${device}    inet 192.168.10.156/32 scope global ${device}\n`);
      host.shows(`net/${device}/flags`, flags);
    };
    const STUBS = [
      ["lo", "0x9\n"],
      ["dummy0", "0xc3\n"],
    ] as const;

    it.each(STUBS)("with the VTEP on %s goes by the route to its peers", (device, flags) => {
      onLo(device, flags);
      host.shows("route", "192.168.10.222 from 192.168.10.156 via 192.0.2.1 dev eth7 uid 0 \\    cache \n");
      host.shows("defaults", "default via 192.0.2.9 dev eth9\n");
      expect(said(apply(MULTICAST), " group ")[0]).toContain(" dev eth7 local 192.168.10.156 ");
      expect(said(apply({ ...MULTICAST, remotes: [] }), " group ")[0]).toContain(" dev eth9 ");
    });

    it.each(STUBS)("with the VTEP on %s and no route fails, instead of a group on it", (device, flags) => {
      onLo(device, flags);
      const { code, stderr } = host.guest(["apply", "port"], { ...MULTICAST, remotes: [] });
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(`is on ${device}, and this host has no default route`),
      ]);
    });

    it("is the kernel's device, plugged into the bridge once it is up", () => {
      const calls = apply({ ...MULTICAST, vlan: 12 }).map((call) => call.join(" "));
      const device = calls.filter((call) => call.includes("vm100"));
      expect(device).toEqual([
        "ovs-vsctl --if-exists del-port vm100",
        "ip link add vm100 type vxlan id 100 group 239.0.0.100 dev eth0 local 192.168.10.156 ttl 16 dstport 4789",
        `ip link set dev vm100 alias ${MADE}`,
        "ip link set dev vm100 up",
        "ip link set dev vm100 mtu 1450 up",
        `ovs-vsctl --may-exist add-port vxbr vm100 -- set port vm100 tag=12 ${OURS} -- set interface vm100 ${OURS}`,
      ]);
    });

    it("is the same for an underlay of IPv6, with a group of IPv6", () => {
      host.shows(
        "addresses",
        "2: eth0    inet6 fd00:10::b/64 scope global eth0\n3: eth1    inet6 fd00:10::1/64 scope global eth1\n",
      );
      const six = { local: "fd00:10::1", group: "ff05::64", remotes: [], mtu: 1430 };
      const calls = apply({ ...MULTICAST, ...six }).map((call) => call.join(" "));
      expect(calls.filter((call) => call.startsWith("ip link "))).toEqual([
        "ip link add vm100 type vxlan id 100 group ff05::64 dev eth1 local fd00:10::1 ttl 16 dstport 4789",
        `ip link set dev vm100 alias vxlab ${ID} 100 ff05::64 eth1 fd00:10::1 16 4789`,
        "ip link set dev vm100 up",
        "ip link set dev vm100 mtu 1430 up",
      ]);
    });

    it("stays as it is the second time, and is made anew for another group, TTL, port or underlay", () => {
      host.shows("net/vm100/ifalias", `${MADE}\n`);
      expect(said(apply(MULTICAST, ["vm100"]), "link add")).toEqual([]);
      for (const other of [{ group: "239.0.0.7" }, { ttl: 2 }, { udpPort: 4790 }]) {
        const calls = apply({ ...MULTICAST, ...other }, ["vm100"]);
        expect(said(calls, "link del dev vm100")).toHaveLength(1);
        expect(said(calls, "link add vm100")).toHaveLength(1);
      }
    });

    it("leaves another step's device alone", () => {
      host.shows("net/vm7/ifalias", "vxlab another 7 239.0.0.7 eth0 192.168.10.156 16 4789\n");
      host.shows("net/vm8/ifalias", "\n");
      expect(said(apply(PORT), "link del")).toEqual([]);
    });

    it("raises the kernel's limit of 20 groups, and puts it back with the last group on the host", () => {
      const limit = () => host.read("sys/net/ipv4/igmp_max_memberships");
      apply(MULTICAST);
      apply({ ...MULTICAST, id: "lab-kvm1-blue", vni: 200 });
      expect(limit()).toBe(`${MAX_GROUPS}\n`);
      apply({ ...PORT, id: "lab-kvm1-blue", vni: 200 });
      expect(limit()).toBe(`${MAX_GROUPS}\n`);
      apply(PORT);
      expect(limit()).toBe("20\n");
      host.has([], []);
      expect(host.guest(["remove", "port"], { ...PORT, id: "lab-kvm1-blue" }).code).toBe(0);
      apply(MULTICAST);
      host.has([], []);
      expect(host.guest(["remove", "port"], MULTICAST).code).toBe(0);
      expect(host.read("sys/net/ipv4/igmp_max_memberships")).toBe("20\n");
      expect(existsSync(host.path("state"))).toBe(false);
    });

    it("tells who has the UDP port when the device does not come up", () => {
      host.shows("busy", "");
      const { code, stderr } = host.guest(["apply", "port"], MULTICAST);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^vxlab: vm100 does not come up: UDP port 4789 is in use/);
    });

    it("fails where no interface has the VTEP", () => {
      const { code, stderr } = host.guest(["apply", "port"], { ...MULTICAST, local: "192.168.10.15" });
      expect([code, stderr]).toEqual([1, "vxlab: no interface of this host has the address 192.168.10.15\n"]);
    });
  });

  describe("flow", () => {
    it("opens the way to its bridge after the flows are there", () => {
      const calls = apply(FLOW).map((call) => call.join(" "));
      const order = ["add-br bf100", "--bundle replace-flows bf100 -", "add-port vxbr pf100"];
      const at = order.map((what) => calls.findIndex((call) => call.includes(what)));
      expect(at).toEqual([...at].sort((a, b) => a - b));
      expect(at).not.toContain(-1);
      expect(calls[at[0] ?? 0]).toContain("fail_mode=secure");
      expect(calls[at[0] ?? 0]).toContain("type=vxlan ofport_request=2 options:remote_ip=flow");
    });

    it("lets in what peers send, answers ARP, sends to one VTEP what is known, the rest to each peer", () => {
      apply(FLOW);
      const both = "set_field:192.168.10.222->tun_dst,output:2,set_field:192.168.10.30->tun_dst,output:2";
      expect(host.said().trim().split("\n")).toEqual([
        "priority=200,in_port=2,tun_src=192.168.10.222 actions=output:1",
        "priority=200,in_port=2,tun_src=192.168.10.30 actions=output:1",
        "priority=100,in_port=2 actions=drop",
        "priority=90,in_port=1,dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_tpa=10.0.3.11 " +
          "actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],set_field:02:00:00:00:00:02->eth_src," +
          "set_field:2->arp_op,move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[]," +
          "set_field:02:00:00:00:00:02->arp_sha,set_field:10.0.3.11->arp_spa,in_port",
        "priority=90,in_port=1,dl_dst=33:33:00:00:00:00/ff:ff:00:00:00:00,icmp6,icmp_type=135,icmp_code=0," +
          "nd_target=fd00::11 actions=set_field:192.168.10.222->tun_dst,output:2",
        "priority=80,in_port=1,dl_dst=02:00:00:00:00:02 actions=set_field:192.168.10.222->tun_dst,output:2",
        `priority=0,in_port=1 actions=${both}`,
      ]);
    });

    it("never sends from tunnel to tunnel, but on a hub", () => {
      apply(FLOW);
      const inward = () =>
        host
          .said()
          .split("\n")
          .filter((flow) => /in_port=2,|table=1/.test(flow));
      expect(inward().filter((flow) => /in_port$|output:2/.test(flow))).toEqual([]);
      apply({ ...FLOW, protected: false });
      expect(inward()).toEqual([
        "table=1,priority=10,reg0=1 actions=output:1,set_field:192.168.10.30->tun_dst,in_port",
        "priority=200,in_port=2,tun_src=192.168.10.222 actions=load:1->NXM_NX_REG0[],resubmit(,1)",
        "table=1,priority=10,reg0=2 actions=output:1,set_field:192.168.10.222->tun_dst,in_port",
        "priority=200,in_port=2,tun_src=192.168.10.30 actions=load:2->NXM_NX_REG0[],resubmit(,1)",
        "table=1,priority=80,dl_dst=02:00:00:00:00:02 actions=set_field:192.168.10.222->tun_dst,in_port",
      ]);
    });

    it("sends a spoke's frames for another spoke through the hub", () => {
      apply({ ...FLOW, remotes: ["192.168.10.30"] });
      expect(host.said()).toContain(
        "dl_dst=02:00:00:00:00:02 actions=set_field:192.168.10.30->tun_dst,output:2",
      );
    });

    it("has the fields of IPv6 for an underlay of IPv6", () => {
      apply({ ...FLOW, local: "fd01::1", remotes: ["fd01::2"], stations: [] });
      expect(host.said()).toBe(
        "priority=200,in_port=2,tun_ipv6_src=fd01::2 actions=output:1\n" +
          "priority=100,in_port=2 actions=drop\n" +
          "priority=0,in_port=1 actions=set_field:fd01::2->tun_ipv6_dst,output:2\n",
      );
    });

    it.each(["10.0.3.11,actions=normal", "10.0.3.1 1", "$(id)", "", "a\nb"])(
      "takes %j for no address, and touches no flow",
      (address) => {
        const stations = [{ mac: "02:00:00:00:00:02", addresses: [address], vtep: "192.168.10.222" }];
        const { code, stderr } = host.guest(["apply", "port"], { ...FLOW, stations });
        expect(code).toBe(1);
        expect(stderr).toMatch(/^vxlab: desired state holds text where an address belongs: /);
        expect(host.everything().filter(([name]) => name === "ovs-ofctl")).toEqual([]);
      },
    );

    it("comes back after ovs-vswitchd was started anew, and no other segment is touched", () => {
      apply(FLOW);
      apply({ ...PORT, id: "lab-kvm1-blue" });
      host.calls();
      expect(host.guest(["flows"])).toMatchObject({ code: 0, stderr: "" });
      expect(host.everything()).toEqual([["ovs-ofctl", "--bundle", "replace-flows", "bf100", "-"]]);
    });
  });

  describe("another way to flood", () => {
    it("takes away what the one before made, in the transaction that brings the new", () => {
      const ports = ["vf100", "pf100", "pb100", UUID, "bf100"];
      const gone =
        "--if-exists del-port vf100 -- --if-exists del-port pf100 -- --if-exists del-port pb100 -- --if-exists del-br bf100";
      const [one, ...rest] = said(apply(PORT, ports), "add-port");
      expect(one).toContain(`${gone} -- --may-exist add-port vxbr vx100-c0a80ade`);
      expect(rest).toEqual([]);
      const back = said(apply(FLOW, ["vx100-c0a80ade"]), "add-port vxbr pf100");
      expect(back[0]).toContain("--if-exists del-port vx100-c0a80ade -- --may-exist add-port vxbr pf100");
    });

    it("deletes the kernel's device before a tunnel of Open vSwitch wants its UDP port", () => {
      host.shows("net/vm100/ifalias", `${MADE}\n`);
      const calls = apply(PORT, ["vm100"]).map((call) => call.join(" "));
      const order = ["ip link del dev vm100", "add-port vxbr vx100-c0a80ade"];
      const at = order.map((what) => calls.findIndex((call) => call.includes(what)));
      expect(at[0]).toBeGreaterThan(-1);
      expect(at[1]).toBeGreaterThan(at[0] ?? 0);
    });

    it("is refused when there is none of that name", () => {
      const envelope = envelopeOf("port", PORT);
      const state = { ...envelope.state, flooding: "$(id)" };
      const { code, stderr } = host.guest(["apply", "port"], { ...envelope, state });
      expect([code, stderr]).toEqual([1, "vxlab: unknown flooding: $(id)\n"]);
      expect(host.kept()).toEqual([]);
    });
  });
});
