/** components/guard/guest.sh: the rules that come out of what is on a host, when they are loaded, what is named as drift, what is left. */
import { beforeEach, describe, expect, it } from "vitest";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { FakeHost } from "./fake-host";
import type { PortWanted } from "../../components/segment/port";
import { MULTICAST_UDP_PORT } from "../../components/segment/spec";
import { UDP_PORTS } from "../../plan/net/encap";
import { Flooding } from "../../plan/types";
import { inputOf } from "./made";

const BRIDGE = {
  id: "lab-kvm1-vxbr",
  lab: "00c0ffee",
  bridge: "vxbr",
  mac: "02:00:00:00:00:01",
  mtu: 1450,
  address: "10.1.2.10/24" as string | undefined,
  guard: true,
};
const PORT = {
  id: "lab-kvm1-red",
  lab: "00c0ffee",
  bridge: "vxbr",
  vni: 100,
  udpPort: 4789,
  local: "192.168.10.156",
  flooding: Flooding.Unicast,
  protected: true,
  mtu: 1450,
  remotes: ["192.168.10.222", "192.168.10.30"],
};
/** UDP ports that a tunnel of any host may have. */
const usual = [...Object.values(UDP_PORTS), MULTICAST_UDP_PORT].sort();
const BLUE = { ...PORT, id: "lab-kvm1-blue", vni: 200, vlan: 20, flooding: Flooding.Flow };
const GREEN = {
  ...PORT,
  ...{ id: "lab-kvm1-green", vni: 300, vlan: 30, udpPort: 4790, flooding: Flooding.Multicast },
  ...{ group: "239.0.1.44", ttl: 16, remotes: ["192.168.10.222"] },
};
const SERVICE = {
  id: "lab-kvm1-blue-service",
  lab: "00c0ffee",
  bridge: "vxbr",
  device: "gw-blue",
  local: "192.168.10.156",
  mac: "02:00:00:00:00:02",
  mtu: 1450,
  vlan: 20,
  addresses: ["10.0.20.1/24"],
  nat: true,
  closed: ["192.168.10.0/24", "172.16.0.9"],
};
const IPV6 = (device: string) => `sys/net/ipv6/conf/${device}/disable_ipv6`;

let host: FakeHost;

function told(verb: string, kind: string, state: object): string[] {
  host.has([], []);
  host.calls();
  const { code, stderr } = host.guest([verb, kind], state);
  expect([code, stderr]).toEqual([0, ""]);
  return host.everything().map((call) => call.join(" "));
}
const apply = (kind: string, state: object) => told("apply", kind, state);
const loads = (calls: string[]) => calls.filter((call) => call.startsWith("nft -f ")).length;
const rules = () => host.read("loaded");
/** One chain's rules, without their indentation. */
const chain = (name: string) =>
  (new RegExp(`  chain ${name} \\{\\n((?:    .*\\n)*)`).exec(rules())?.[1] ?? `no chain ${name}`)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
const drift = () => {
  const { code, stdout, stderr } = host.shell("{ echo '== guard' && guard_drift; } | drift_words");
  expect([code, stderr]).toEqual([0, ""]);
  return [...stdout.matchAll(/"found":(".*")\}/g)].map(([, text = ""]) => JSON.parse(text) as string);
};

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
    host.shows("net/eth0/flags", "0x1003\n");
    for (const device of ["vxbr", "br7", "gw-blue"]) {
      host.shows(`net/${device}/address`, "02:00:00:00:00:01\n");
      host.shows(`net/${device}/mtu`, "1450\n");
    }
    for (const device of ["eth0", "gw-blue"]) host.shows(`sys/net/ipv4/conf/${device}/forwarding`, "0\n");
    host.shows("sys/net/ipv4/conf/vxbr/arp_ignore", "0\n");
    host.shows("sys/net/ipv4/igmp_max_memberships", "20\n");
    host.shows("owner", "vxbr\nvxlab=00c0ffee\n");
  });

  // Under emulation each of them takes a tenth of a second of the time to the first ping.
  it("starts few programs for the first bridge and the first port of a host", () => {
    host.forgets("modules/nft_ct");
    const programs = (calls: string[]) => {
      const names = calls.map((call) => call.split(" ")[0]).filter((name) => name !== "ip");
      return names.join(" ");
    };
    host.shows("rows", JSON.stringify({ data: [], headings: ["name", "ofport", "error", "options"] }));
    expect(programs(apply("bridge", BRIDGE))).toBe("ovs-vsctl modprobe nft ovs-vsctl ovs-ofctl");
    mkdirSync(host.path("modules/nft_ct"));
    expect(programs(apply("port", PORT))).toBe("nft ovs-vsctl");
  });

  it("takes a tunnel's packets from its segment's peers alone, on the VTEP's interface", () => {
    apply("bridge", BRIDGE);
    apply("port", PORT);
    apply("port", BLUE);
    apply("port", GREEN);
    expect(chain("input")).toEqual([
      "type filter hook input priority filter; policy accept;",
      'iifname { "vxbr", "bf200", "vm300" } jump inside',
      "udp dport 4789 jump tunnels_4789",
      "udp dport 4790 jump tunnels_4790",
    ]);
    expect(chain("tunnels_4789")).toEqual([
      'iifname "eth0" @th,96,24 { 200, 100 } ip saddr { 192.168.10.222, 192.168.10.30 } accept',
      "@th,96,24 { 200, 100 } counter drop",
    ]);
    expect(chain("tunnels_4790")).toEqual([
      'iifname "eth0" @th,96,24 { 300 } ip saddr { 192.168.10.222 } accept',
      "@th,96,24 { 300 } counter drop",
    ]);
  });

  const SENDERS: [string, Partial<PortWanted>, string][] = [
    ...[PORT, BLUE, GREEN].map((port): [string, Partial<PortWanted>, string] => [
      `no peer, ${port.flooding}: from nobody`,
      { ...port, remotes: [] },
      `@th,96,24 { ${port.vni} } ip saddr 0.0.0.0 accept`,
    ]),
    [
      "a group whose members are not known (the control): from all",
      { ...GREEN, remotes: undefined },
      "@th,96,24 { 300 } accept",
    ],
    [
      "an underlay of IPv6",
      { local: "fd00:10::b", remotes: ["fd00:10::c"] },
      "@th,96,24 { 100 } ip6 saddr { fd00:10::c } accept",
    ],
  ];
  it.each(SENDERS)("with %s", (_, change, accepts) => {
    const state = { ...PORT, ...change };
    host.shows("addresses", `2: eth0    inet ${state.local}/24 scope global eth0\n`);
    apply("bridge", BRIDGE);
    apply("port", state);
    expect(chain(`tunnels_${state.udpPort}`)[0]).toBe(`iifname "eth0" ${accepts}`);
  });

  it.each([
    ["on lo", "lo", "0x9\n"],
    ["on a dummy device", "dummy0", "0x83\n"],
    ["that is not there yet", "", ""],
  ])("takes them from any interface for a VTEP %s, the segments' apart", (_, device, flags) => {
    host.shows("addresses", device === "" ? "" : `7: ${device}    inet 192.168.10.156/32 scope global\n`);
    if (device !== "") host.shows(`net/${device}/flags`, flags);
    apply("bridge", BRIDGE);
    const multicast = { ...PORT, remotes: ["192.168.10.222"] };
    apply("port", multicast);
    expect(chain("input")[1]).toBe('iifname { "vxbr" } jump inside');
    expect(chain("tunnels_4789")[0]).toBe("@th,96,24 { 100 } ip saddr { 192.168.10.222 } accept");
    expect(chain("inside").at(-1)).toBe("counter drop");
  });

  it("lets in ICMP, and answers to what the host began by its own address in the segment", () => {
    apply("bridge", BRIDGE);
    const [answers, icmp, icmp6, ...rest] = chain("inside");
    expect(answers).toBe(
      'iifname . ip daddr { "vxbr" . 10.1.2.10 } ct direction reply ct state established accept',
    );
    expect(icmp).toMatch(/^icmp type \{ .*echo-request.* \} accept$/);
    expect(icmp).not.toMatch(/redirect/);
    expect(icmp6).toMatch(/^icmpv6 type \{ .*nd-neighbor-solicit.* \} accept$/);
    expect(icmp6).not.toMatch(/redirect|router/);
    expect(rest).toEqual(["counter drop"]);
    apply("bridge", { ...BRIDGE, address: undefined });
    expect(rules()).not.toContain("ct state");
  });

  it("forwards nothing out of a segment or into one without a gateway", () => {
    apply("bridge", BRIDGE);
    expect(chain("forward").slice(1)).toEqual([
      'iifname { "vxbr" } jump outside',
      'oifname { "vxbr" } counter drop',
    ]);
    expect(chain("outside")).toEqual(["counter drop"]);
  });

  it("leads by a gateway to the outside: not to tunnels, not to the underlay, but to the name servers on it", () => {
    host.shows("resolv.conf", "nameserver 192.168.10.1\n");
    apply("bridge", BRIDGE);
    apply("port", { ...PORT, udpPort: 5000 });
    apply("service", SERVICE);
    expect(rules()).toContain("elements = { 192.168.10.0/24, 172.16.0.9 }");
    expect(chain("outside").filter((rule) => !rule.startsWith("icmp"))).toEqual([
      'iifname != { "gw-blue" } counter drop',
      "meta nfproto ipv6 counter drop",
      `udp dport { ${usual.join(", ")}, 5000 } counter drop`,
      "ct direction reply ct state established accept",
      "ip daddr { 192.168.10.1 } meta l4proto { tcp, udp } th dport 53 accept",
      "ip daddr @closed counter drop",
      ...["update @hops { rt ip nexthop } ip daddr != @hops return", "meta nfproto ipv4 counter drop"],
    ]);
    const [shut] = chain("forward").slice(-1);
    expect(shut, "a gateway's rules are its own table's").toBe('oifname { "vxbr" } counter drop');
    // At a boot the name servers may come later.
    host.shows("resolv.conf", "");
    apply("service", SERVICE);
    expect(chain("outside")).toContain(
      "ip daddr { 192.168.10.1 } meta l4proto { tcp, udp } th dport 53 accept",
    );
  });

  it("lets DHCP in where addresses are lent", () => {
    apply("bridge", BRIDGE);
    const wanted = { first: "10.0.20.192", last: "10.0.20.254", mtu: 1450 };
    // dnsmasq itself does not run here.
    host.guest(["apply", "service"], { ...SERVICE, nat: false, dhcp: wanted });
    expect(chain("inside")).toContain('iifname { "gw-blue" } udp dport 67 accept');
    expect(rules()).not.toContain("closed");
  });

  it("is there before what it guards", () => {
    const order = (calls: string[], what: string) => {
      const [load, made] = [/^nft -f .*guard/, new RegExp(what)].map((one) =>
        calls.findIndex((call) => one.test(call)),
      );
      expect([load, made]).not.toContain(-1);
      return Number(load) < Number(made);
    };
    expect(order(apply("bridge", BRIDGE), "add-br vxbr")).toBe(true);
    expect(order(apply("port", PORT), "add-port vxbr vx100-")).toBe(true);
    expect(order(apply("service", SERVICE), "add-port vxbr gw-blue")).toBe(true);
  });

  it("is loaded when it changes, or when somebody else has changed it", () => {
    apply("bridge", BRIDGE);
    expect(loads(apply("port", PORT))).toBe(1);
    expect(loads(apply("port", PORT))).toBe(0);
    expect(loads(apply("port", { ...PORT, remotes: ["192.168.10.30"] }))).toBe(1);
    expect(loads(apply("port", { ...PORT, mtu: 1400, remotes: ["192.168.10.30"] }))).toBe(0);
    rmSync(host.path("guarded"));
    expect(loads(apply("port", { ...PORT, remotes: ["192.168.10.30"] })), "flushed").toBe(1);
    writeFileSync(host.path("loaded"), "another\n");
    expect(loads(apply("bridge", BRIDGE)), "changed").toBe(1);
  });

  it("covers what was there before it, and what other labs have on the host", () => {
    host.keeps("port", PORT);
    host.keeps("service", SERVICE);
    host.keeps("bridge", { ...BRIDGE, id: "other", bridge: "br7" });
    apply("bridge", BRIDGE);
    expect(chain("input")[1]).toBe('iifname { "vxbr", "br7", "gw-blue" } jump inside');
    expect(chain("tunnels_4789")).toHaveLength(2);
  });

  it("goes with what it is about", () => {
    apply("bridge", BRIDGE);
    apply("port", PORT);
    apply("port", GREEN);
    told("remove", "port", GREEN);
    expect(rules()).not.toContain("4790 jump");
    told("remove", "port", PORT);
    expect(rules()).not.toContain("jump tunnels");
    expect(told("remove", "bridge", BRIDGE)).toContain("nft delete table inet vxlab_guard");
    expect(existsSync(host.path("state"))).toBe(false);
  });

  it("forgets a step that was begun and given up", () => {
    apply("bridge", BRIDGE);
    host.shows("warning", "ovs-vsctl: Error detected while setting up a port\n");
    host.has([], [["vx100-c0a80ade", -1, "no", {}]]);
    expect(host.guest(["apply", "port"], PORT).code).toBe(1);
    expect(chain("tunnels_4789"), "what was begun may be there").toHaveLength(2);
    rmSync(host.path("state/begun"), { recursive: true });
    apply("bridge", BRIDGE);
    expect(rules()).not.toContain("jump tunnels");
  });

  describe("switched off", () => {
    it("is no table, and for one lab's bridge does not touch the other's", () => {
      expect(loads(apply("bridge", { ...BRIDGE, guard: false }))).toBe(0);
      expect(loads(apply("port", PORT))).toBe(0);
      expect(drift()).toEqual([]);
      apply("bridge", { ...BRIDGE, id: "other", bridge: "br7" });
      apply("port", { ...PORT, id: "other-red", bridge: "br7", vni: 700 });
      expect(chain("input")[1]).toBe('iifname { "br7" } jump inside');
      expect(chain("tunnels_4789").at(-1)).toBe("@th,96,24 { 700 } counter drop");
    });

    it("takes the table away, and puts it back", () => {
      apply("bridge", BRIDGE);
      apply("port", PORT);
      expect(apply("bridge", { ...BRIDGE, guard: false })).toContain("nft delete table inet vxlab_guard");
      expect(existsSync(host.path("state/guard.nft"))).toBe(false);
      apply("bridge", BRIDGE);
      expect(chain("tunnels_4789")).toHaveLength(2);
    });
  });

  describe("that cannot be loaded", () => {
    it("stops the step before anything is there, with nothing left behind", () => {
      host.shows("refuses-rules", "");
      const { code, stderr } = host.guest(["apply", "bridge"], BRIDGE);
      expect([code, stderr]).toEqual([1, expect.stringContaining("hosts.<name>.guard: false")]);
      expect([host.changes(), existsSync(host.path("state"))]).toEqual([[], false]);
    });

    it("keeps nothing from being removed", () => {
      apply("bridge", BRIDGE);
      apply("port", PORT);
      host.shows("refuses-rules", "");
      told("remove", "port", PORT);
      told("remove", "bridge", BRIDGE);
      expect(existsSync(host.path("state"))).toBe(false);
    });

    it("for want of nft says what to install", () => {
      const answer = host.shell(
        'command() { [ "$2" != nft ]; }; main apply bridge',
        inputOf("bridge", BRIDGE),
      );
      expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining("apt-get install nftables")]);
      expect(host.changes()).toEqual([]);
    });
  });

  describe("drift", () => {
    beforeEach(() => {
      apply("bridge", BRIDGE);
      apply("port", PORT);
    });

    it("is none on a host as it was left", () => expect(drift()).toEqual([]));

    it.each([
      ["a table that is gone", () => rmSync(host.path("guarded")), /table inet vxlab_guard is missing/],
      ["a rule that somebody added", () => writeFileSync(host.path("loaded"), "x\n"), /not as it was loaded/],
      ["rules for the next boot that are gone", () => rmSync(host.path("state/guard.nft")), /guard\.nft/],
      [
        "IPv6 on the bridge's own interface, read as the kernel gives it: without the line's end",
        () => host.shows(IPV6("vxbr"), "0"),
        /interface vxbr: IPv6 is on .*link-local/,
      ],
    ])("is %s", (_, spoil, said) => {
      spoil();
      expect(drift()).toEqual([expect.stringMatching(said)]);
    });
  });

  describe("IPv6", () => {
    it("is off on interfaces of the host in a segment, before they are up; on with an address of it", () => {
      for (const device of ["vxbr", "gw-blue"]) host.shows(IPV6(device), "0\n");
      apply("bridge", BRIDGE);
      apply("service", SERVICE);
      expect([host.read(IPV6("vxbr")), host.read(IPV6("gw-blue"))]).toEqual(["1\n", "1\n"]);
      apply("bridge", { ...BRIDGE, address: "fd00:1::a/64" });
      expect(host.read(IPV6("vxbr"))).toBe("0\n");
      expect(chain("inside")[1]).toContain('iifname . ip6 daddr { "vxbr" . fd00:1::a }');
    });

    it("is off on the bridge of a segment by flows", () => {
      host.shows(IPV6("bf200"), "0\n");
      apply("port", BLUE);
      expect(host.read(IPV6("bf200"))).toBe("1\n");
    });

    it("is off again after the next step of the bridge, on the interfaces of other steps too", () => {
      apply("bridge", BRIDGE);
      apply("port", BLUE);
      host.shows(IPV6("bf200"), "0\n");
      expect(drift()).toEqual([expect.stringMatching(/interface bf200: IPv6 is on/)]);
      apply("bridge", BRIDGE);
      expect(host.read(IPV6("bf200"))).toBe("1\n");
      expect(drift()).toEqual([]);
    });
  });

  it("is loaded by systemd before Open vSwitch starts, where there is one, until the last thing goes", () => {
    const unit = "none/system/vxlab-guard.service";
    apply("bridge", { ...BRIDGE, guard: false });
    expect(existsSync(host.path(unit))).toBe(false);
    host.shows("none/system/here", "");
    expect(apply("bridge", BRIDGE)).toContain("systemctl --quiet enable vxlab-guard.service");
    expect(host.read(unit)).toMatch(/^Before=.*\bovs-vswitchd\.service\b/m);
    expect(host.read(unit), "whose rule set begins with a flush").toMatch(/^After=nftables\.service$/m);
    expect(host.read(unit)).toMatch(/^ExecStart=\S+nft -f \S+\/state\/guard\.nft$/m);
    told("remove", "bridge", BRIDGE);
    expect(existsSync(host.path(unit))).toBe(false);
  });

  it.each(["192.168.10.1;", "{", '"', "a\nb"])("takes %j for no address", (address) => {
    apply("bridge", BRIDGE);
    const { code, stderr } = host.guest(["apply", "port"], { ...PORT, remotes: [address] });
    expect([code, stderr]).toEqual([1, expect.stringContaining("text where a name or an address belongs")]);
  });
});
