/** components/port-security/guest.sh and security.awk: what a port's flows let out, when they are set, and what is found to differ. */
import { existsSync, renameSync } from "node:fs";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { InterfaceWanted } from "../../components/container/thing";
import { FakeHost } from "./fake-host";
import { envelopeOf, type Thing } from "./made";
import { fateOf, flowTable, type Frame } from "../lib/flow-table";

const MAC = "02:00:00:00:00:01";
const OTHER = "02:00:00:00:00:02";
const OWN4 = "10.0.3.10";
const OWN6 = "fd00::10";
const LOCAL = "fe80::ff:fe00:1";

const NIC = { bridge: "vxbr", veth: "v-c1", mac: MAC, portSecurity: false };
const box = (...interfaces: InterfaceWanted[]): Thing<"container"> => ({
  ...{ id: "lab-c1", lab: "00c0ffee", name: "c1" },
  interfaces,
});
const BRIDGE = { id: "lab-kvm1-vxbr", lab: "00c0ffee", bridge: "vxbr", mac: "0a:00:00:00:00:01" };

const KNOWN = { ...NIC, portSecurity: true, addresses: [`${OWN4}/24`, `${OWN6}/64`] };
const LEASED = {
  ...NIC,
  portSecurity: true,
  dhcp: true,
  dhcpRange: { first: "10.0.3.192", last: "10.0.3.254" },
};
const FREE = { ...NIC, portSecurity: true };
const TRUNK = {
  ...NIC,
  trunk: [
    { vlan: 20, addresses: ["10.0.20.7/24"], portSecurity: true },
    { vlan: 30, addresses: ["10.0.30.7/24"] },
  ],
};

const ALL = "ff:ff:ff:ff:ff:ff";
const ALL_NODES = "33:33:00:00:00:01";
type Fields = Frame["fields"];
const frame = (protocol: string, fields: Fields, fragment = false): Frame => ({
  ...{ protocol, port: "v-c1", fragment },
  fields: { dl_src: MAC, dl_dst: ALL, ...fields },
});
const arp = (spa: string, more: Fields = {}) =>
  frame("arp", { arp_sha: MAC, arp_spa: spa, arp_tpa: "10.0.3.1", arp_op: 1, ...more });
const ip = (source: string, more: Fields = {}) =>
  frame("icmp", { nw_src: source, nw_dst: "10.0.3.11", icmp_type: 8, ...more });
const udp = (source: string, from: number, to: number, more: Fields = {}) =>
  frame("udp", { nw_src: source, nw_dst: "255.255.255.255", tp_src: from, tp_dst: to, ...more });
const nd = (type: number, source: string, target: string, more: Fields = {}) =>
  frame("icmp6", {
    dl_dst: ALL_NODES,
    ipv6_src: source,
    ipv6_dst: "ff02::1",
    icmp_type: type,
    icmp_code: 0,
    nd_target: target,
    ...more,
  });
const udp6 = (source: string, from: number, to: number) =>
  frame("udp6", { dl_dst: ALL_NODES, ipv6_src: source, ipv6_dst: "ff02::1:2", tp_src: from, tp_dst: to });
const tagged = (vlan: number, one: Frame): Frame => ({ ...one, fields: { ...one.fields, dl_vlan: vlan } });
const split = (one: Frame): Frame => ({ ...one, fragment: true });

let host: FakeHost;

function apply(state: object): string[] {
  host.calls();
  const { code, stderr } = host.guest(["apply", "container"], state);
  expect([code, stderr]).toEqual([0, ""]);
  return host.everything().map((call) => call.join(" "));
}

const flowsOf = (nic: InterfaceWanted) => {
  apply(box(nic));
  return flowTable(host.read("state/containers/c1/flows/v-c1"));
};

/** NORMAL: let out; drop: not. Without any flow of its own it meets the bridge's, which lets it out. */
type Case = [what: string, frame: Frame, known: boolean, leased: boolean, free: boolean];
const cases: Case[] = [
  ["its IPv4", ip(OWN4), true, false, true],
  ["an address that is lent", ip("10.0.3.200"), false, true, true],
  ["the address after the last that is lent", ip("10.0.3.255"), false, false, true],
  ["another's IPv4", ip("10.0.3.11"), false, false, true],
  ["its IPv4 from another MAC", ip(OWN4, { dl_src: OTHER }), false, false, false],
  ["its IPv4 in fragments", split(ip(OWN4)), true, false, true],
  ["ARP for its own", arp(OWN4), true, false, true],
  ["ARP for another's", arp("10.0.3.11", { arp_op: 2 }), false, false, true],
  ["ARP that names another's MAC", arp(OWN4, { arp_sha: OTHER }), false, false, false],
  ["ARP from another MAC", arp(OWN4, { dl_src: OTHER }), false, false, false],
  ["an ARP probe", arp("0.0.0.0"), true, true, true],
  ["its IPv6", frame("ipv6", { ipv6_src: OWN6 }), true, false, true],
  ["its link-local IPv6", frame("ipv6", { ipv6_src: LOCAL }), true, true, true],
  ["another's IPv6", frame("ipv6", { ipv6_src: "fd00::11" }), false, false, true],
  ["its IPv6 from another MAC", frame("ipv6", { ipv6_src: OWN6, dl_src: OTHER }), false, false, false],
  ["a solicitation", nd(135, OWN6, "fd00::11"), true, false, true],
  ["a question whether its address is free", nd(135, "::", OWN6), true, false, true],
  ["a question whether another's is", nd(135, "::", "fd00::11"), false, false, true],
  ["an advertisement of its own", nd(136, LOCAL, OWN6), true, false, true],
  ["an advertisement of another's", nd(136, OWN6, "fd00::11"), false, false, true],
  ["an advertisement of its own in another's name", nd(136, "fd00::11", OWN6), false, false, true],
  ["a router advertisement", nd(134, LOCAL, "::"), false, false, false],
  ["a router advertisement in fragments", split(nd(134, LOCAL, "::")), false, false, false],
  ["a redirect", nd(137, LOCAL, OWN6), false, false, false],
  ["a router solicitation", nd(133, LOCAL, "::"), true, true, true],
  ["a redirect of IPv4", ip(OWN4, { icmp_type: 5 }), false, false, false],
  ["a DHCP client's question", udp("0.0.0.0", 68, 67), false, true, true],
  ["a DHCP client's renewal", udp("10.0.3.200", 68, 67, { nw_dst: "10.0.3.1" }), false, true, true],
  ["something else from 0.0.0.0", udp("0.0.0.0", 4789, 4789), false, false, true],
  ["a DHCP offer", udp(OWN4, 67, 68), false, false, false],
  ["a DHCP offer from another port", udp(OWN4, 1067, 68), false, false, false],
  ["a DHCP offer in fragments", split(udp(OWN4, 67, 68)), false, false, false],
  ["a DHCP relay's packet", udp(OWN4, 67, 67), false, false, false],
  ["a DHCPv6 client's question", udp6(LOCAL, 546, 547), true, true, true],
  ["a DHCPv6 answer", udp6(LOCAL, 547, 546), false, false, false],
  ["a DHCPv6 answer from another port", udp6(LOCAL, 1547, 546), false, false, false],
  ["another protocol", frame("0x88b5", {}), false, false, false],
];

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    for (const name of ["vxbr", "br2"]) host.shows(`net/${name}/address`, "0a:00:00:00:00:01\n");
    host.shows("net/vxbr/mtu", "1450\n");
    for (const veth of ["v-c1", "v-c1_1"]) host.shows(`net/${veth}/mtu`, "1450\n");
    host.shows("state/containers/c1/rootfs/etc/hostname", "");
    host.shows("differs", "");
    host.shows("owner", "vxbr\nvxlab=00c0ffee\n");
    host.shows("bridge", "vxbr\n");
  });

  describe("a port", () => {
    it.each(["known", "leased", "free"] as const)("whose addresses are %s lets out", (kind) => {
      const flows = flowsOf({ known: KNOWN, leased: LEASED, free: FREE }[kind]);
      const column = { known: 2, leased: 3, free: 4 }[kind] as 2 | 3 | 4;
      const wanted = Object.fromEntries(cases.map((one) => [one[0], one[column] ? "NORMAL" : "drop"]));
      expect(Object.fromEntries(cases.map(([what, one]) => [what, fateOf(flows, one)]))).toEqual(wanted);
    });

    it("that is a trunk lets out of each VLAN its own, and all of one that is open", () => {
      const flows = flowsOf(TRUNK);
      const fate = (one: Frame) => fateOf(flows, one);
      expect(fate(tagged(20, ip("10.0.20.7")))).toBe("NORMAL");
      expect(fate(tagged(20, arp("10.0.20.7")))).toBe("NORMAL");
      expect(fate(tagged(20, nd(136, LOCAL, LOCAL)))).toBe("NORMAL");
      for (const one of [ip("10.0.20.8"), ip("10.0.30.7"), udp("10.0.20.7", 67, 68), nd(134, LOCAL, "::")])
        expect(fate(tagged(20, one))).toBe("drop");
      for (const one of [ip("10.0.20.8"), udp("10.0.30.7", 67, 68), nd(134, LOCAL, "::")])
        expect(fate(tagged(30, one))).toBe("NORMAL");
      expect(fate(ip("10.0.20.7")), "untagged").toBe("drop");
      expect(fate(tagged(40, ip("10.0.20.7")))).toBe("drop");
    });

    it("without port security has no flows, and whatever is left of any goes", () => {
      expect(flowsOf(NIC)).toEqual([]);
      expect(host.read("state/containers/c1/flows/v-c1")).toMatch(
        /^delete cookie=0x5ec0\w{12}\/-1\ndelete cookie=0x5ec0000000000000\/0xffff000000000000,in_port="v-c1"\n$/,
      );
    });

    it("lets nothing out from another MAC, and no other address than is said, whatever is known", () => {
      const address = fc.integer({ min: 0, max: 255 }).map((last) => `10.0.3.${last}`);
      for (const [nic, own] of [
        [KNOWN, (at: string) => at === OWN4],
        [LEASED, (at: string) => Number(at.split(".")[3]) >= 192 && at !== "10.0.3.255"],
      ] as const) {
        const flows = flowsOf(nic);
        fc.assert(
          fc.property(address, fc.constantFrom(MAC, OTHER), fc.boolean(), (at, dl_src, fragment) => {
            const let_out = own(at) && dl_src === MAC ? "NORMAL" : "drop";
            expect(fateOf(flows, { ...ip(at, { dl_src }), fragment })).toBe(let_out);
            expect(fateOf(flows, arp(at, { dl_src }))).toBe(let_out);
          }),
        );
      }
    });

    it("is no other's: its name is in its cookie, and the bridge's own flow has none", () => {
      apply(box(KNOWN, { ...LEASED, veth: "v-c1_1" }));
      const cookies = (veth: string) =>
        new Set(host.read(`state/containers/c1/flows/${veth}`).match(/0x5ec0\w{12}\b(?!\/0xf)/g));
      const [one, other] = [cookies("v-c1"), cookies("v-c1_1")];
      expect([one.size, other.size]).toEqual([1, 1]);
      expect([...one]).not.toEqual([...other]);
      expect([...one, ...other]).not.toContain("0x5ec0000000000000");
    });

    it.each([
      ["a source", { sources: ["10.0.3.10"] }],
      ["a source", { sources: ["10.0.3.10/32 actions=normal"] }],
      ["a MAC", { mac: "v-c1", sources: [] }],
    ])("refuses text for %s, with nothing changed", (_, change) => {
      const { state, ...envelope } = envelopeOf("container", box(NIC));
      const interfaces = state.interfaces.map((nic) => ({ ...nic, ...change }));
      const { code, stderr } = host.guest(["apply", "container"], {
        ...envelope,
        state: { ...state, interfaces },
      });
      expect([code, stderr]).toEqual([1, expect.stringMatching(/desired state holds text where/)]);
      expect(host.changes()).toEqual([]);
    });
  });

  describe("the flows", () => {
    const ofctl = (calls: string[]) =>
      calls.filter((call) => call.startsWith("ovs-ofctl ")).map((call) => call.replaceAll(host.folder, ""));

    it("are set with the port when LXC brings it, before anything in the container runs", () => {
      apply(box(KNOWN));
      host.guest(["plug", "c1", "net", "up", "veth", "v-c1"]);
      const [port, flows, ...rest] = host.everything().map((call) => call.slice(0, 4).join(" "));
      expect(port).toBe("ovs-vsctl --may-exist add-port vxbr");
      expect(flows?.replace(host.folder, "")).toBe(
        "ovs-ofctl add-flows vxbr /state/containers/c1/flows/v-c1",
      );
      expect(rest).toEqual([]);
    });

    it("fail the start of the container when they cannot be set", () => {
      apply(box(KNOWN));
      host.shows("flows-refused", "ovs-ofctl: it says why\n");
      const { code, stderr } = host.guest(["plug", "c1", "net", "up", "veth", "v-c1"]);
      expect([code, stderr]).toEqual([1, "vxlab: no flows for port v-c1 of vxbr: ovs-ofctl: it says why\n"]);
    });

    it("change at once, in one bundle, while the container runs", () => {
      apply(box(KNOWN));
      const moved = { ...KNOWN, addresses: ["10.0.3.12/24"] };
      expect(ofctl(apply(box(moved)))).toEqual([
        "ovs-ofctl --bundle add-flows vxbr /state/containers/c1/flows.new/v-c1",
      ]);
      expect(fateOf(flowTable(host.read("state/containers/c1/flows/v-c1")), ip("10.0.3.12"))).toBe("NORMAL");
      expect(existsSync(host.path("state/containers/c1/flows.new"))).toBe(false);
    });

    it("go after the port, when the container ends or moves to another bridge", () => {
      apply(box(KNOWN));
      const cookie = /cookie=\w+\/-1/.exec(host.read("state/containers/c1/flows/v-c1"))?.[0] ?? "";
      host.everything();
      host.guest(["unplug", "c1", "net", "down", "veth", "v-c1"]);
      expect(host.everything().map((call) => call.join(" "))).toEqual([
        "ovs-vsctl --if-exists del-port v-c1",
        `ovs-ofctl del-flows vxbr ${cookie}`,
      ]);
      expect(ofctl(apply(box({ ...KNOWN, bridge: "br2" })))).toEqual([
        `ovs-ofctl del-flows vxbr ${cookie}`,
        "ovs-ofctl --bundle add-flows br2 /state/containers/c1/flows.new/v-c1",
      ]);
    });

    it("are found when a step was killed while it put them in place", () => {
      host.guest(["apply", "bridge"], BRIDGE);
      apply(box(KNOWN));
      renameSync(host.path("state/containers/c1/flows"), host.path("state/containers/c1/flows.new"));
      host.guest(["flows"]);
      expect(fateOf(flowTable(host.said()), ip("10.0.3.11"))).toBe("drop");
      host.guest(["plug", "c1", "net", "up", "veth", "v-c1"]);
      expect(fateOf(flowTable(host.said()), ip("10.0.3.11"))).toBe("drop");
    });

    it("are not asked for where the tools before kept none", () => {
      host.shows("state/containers/c1/ports", "v-c1 vxbr lab-c1 0\n");
      host.guest(["plug", "c1", "net", "up", "veth", "v-c1"]);
      expect(ofctl(host.everything().map((call) => call.join(" ")))).toEqual([]);
    });

    it("are all of a bridge's, its own last, when it is made and whenever ovs-vswitchd starts anew", () => {
      host.guest(["apply", "bridge"], BRIDGE);
      expect(
        host
          .calls()
          .map((call) => call.join(" "))
          .join("\n"),
      ).toContain("set bridge vxbr fail_mode=secure ");
      expect(host.said()).toBe("cookie=0x5ec0000000000000,priority=0 actions=NORMAL\n");
      apply(box(KNOWN, { ...LEASED, veth: "v-c1_1" }));
      host.calls();
      expect(host.guest(["flows"])).toMatchObject({ code: 0, stderr: "" });
      expect(ofctl(host.everything().map((call) => call.join(" ")))).toEqual(["ovs-ofctl add-flows vxbr -"]);
      const flows = host.said().trim().split("\n");
      expect(flows.at(-1)).toBe("cookie=0x5ec0000000000000,priority=0 actions=NORMAL");
      expect(flows.filter((line) => line.startsWith("delete"))).toEqual([]);
      const table = flowTable(host.said());
      expect(fateOf(table, ip(OWN4))).toBe("NORMAL");
      expect(fateOf(table, ip("10.0.3.11"))).toBe("drop");
      expect(fateOf(table, { ...ip("10.0.3.200"), port: "v-c1_1" })).toBe("NORMAL");
      expect(fateOf(table, { ...ip(OWN4), port: "vx100-c0a80ade" })).toBe("NORMAL");
      // A container that does not run has no interface.
      host.forgets("net/v-c1");
      host.guest(["flows"]);
      expect(host.said()).not.toContain('in_port="v-c1",');
    });

    it("come back without a port that is not there yet, which gets its own when it comes", () => {
      host.guest(["apply", "bridge"], BRIDGE);
      apply(box(KNOWN, { ...LEASED, veth: "v-c1_1" }));
      host.shows("unknown", "v-c1");
      expect(host.guest(["flows"])).toMatchObject({ code: 0, stderr: "" });
      expect(host.said()).not.toContain('in_port="v-c1",');
      expect(host.said()).toContain('in_port="v-c1_1",');
      expect(host.said()).toContain("priority=0 actions=NORMAL");
    });

    it.each([
      ['ovs-ofctl: -:7: "v-c1": invalid or unknown port for in_port', "v-c1"],
      ["ovs-ofctl: -:7: v-c1: invalid or unknown port for in_port", "v-c1"],
      ["ovs-ofctl: vxbr is not a bridge or a socket", "none"],
    ])("are told by %s which port is not there", (message, port) => {
      const { stdout } = host.shell(`skip=; unknown_port "$(cat)" || skip=none; echo $skip`, message);
      expect(stdout).toBe(`${port}\n`);
    });
  });

  describe("drift", () => {
    const drift = () => {
      const { code, stdout, stderr } = host.shell("{ echo '== security' && security_drift; } | drift_words");
      expect([code, stderr]).toEqual([0, ""]);
      const lines = stdout.split("\n").filter(Boolean);
      return lines.map((line) => {
        const { lab, found } = JSON.parse(line) as { lab?: string; found: string };
        // The lab of its bridge.
        expect(lab).toBe("00c0ffee");
        return found;
      });
    };
    beforeEach(() => {
      host.guest(["apply", "bridge"], BRIDGE);
      apply(box(KNOWN));
      host.shows("fail-mode", "secure\n");
    });

    it("is none when all is well, nor when the bridge is not there", () => {
      expect(drift()).toEqual([]);
      expect(host.said()).toContain("priority=0 actions=NORMAL");
      host.shows("differs", "-priority=1 actions=drop\n");
      host.shows("fail-mode", "");
      expect(drift()).toEqual([]);
    });

    it("names each flow that is missing, was changed, or is nobody's, and a bridge that would be open", () => {
      host.shows("fail-mode", "[]\n");
      host.shows(
        "differs",
        "-priority=300,in_port=LOCAL actions=drop\n" +
          '+priority=150,arp,in_port="v-c1" cookie=0x5ec0111111111111 actions=NORMAL\n' +
          "-priority=0 actions=drop\n" +
          "+priority=0 cookie=0x5ec0000000000000 actions=NORMAL\n" +
          // The same in print: a mask that ovs-ofctl does not show.
          "-priority=200,udp,nw_frag=yes cookie=0x5ec0111111111111 actions=drop\n" +
          "+priority=200,udp,nw_frag=yes cookie=0x5ec0111111111111 actions=drop\n",
      );
      expect(drift()).toEqual([
        expect.stringMatching(/^bridge vxbr: fail_mode is not secure: /),
        "bridge vxbr: flow is not part of the lab: priority=300,in_port=LOCAL actions=drop",
        'bridge vxbr: flow is missing: priority=150,arp,in_port="v-c1" cookie=0x5ec0111111111111 actions=NORMAL',
        "bridge vxbr: flow was changed: priority=0 actions=drop instead of priority=0 cookie=0x5ec0000000000000 actions=NORMAL",
      ]);
    });

    it("names a port that the bridge has lost, and goes on with the others", () => {
      host.shows("unknown", "v-c1");
      expect(drift()).toEqual(["bridge vxbr: port v-c1 is missing, and its container is running"]);
      expect(host.said()).not.toContain("v-c1");
    });

    it("is deleted when it is nobody's flow, also while the bridge lacks a port", () => {
      host.shows("differs", "-priority=10,in_port=LOCAL cookie=0x77 actions=drop\n");
      host.shows("unknown", "v-c1");
      expect(host.shell("security_strays vxbr")).toMatchObject({ code: 0, stderr: "" });
      expect(host.calls("ovs-ofctl")).toContainEqual(
        expect.arrayContaining(["--bundle", "--names", "add-flows", "vxbr"]),
      );
    });

    it("says when the flows cannot be seen", () => {
      host.shows("differs", "ovs-ofctl: vxbr is not a bridge or a socket\n");
      expect(drift()).toEqual([
        "bridge vxbr: ovs-ofctl cannot compare its flows: ovs-ofctl: vxbr is not a bridge or a socket",
      ]);
    });
  });
});
