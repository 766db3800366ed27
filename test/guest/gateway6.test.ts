/** components/service/guest.sh: an IPv6 gateway, what nft and dnsmasq are told, what the kernel forwards, and what is left of it. */
import { beforeEach, describe, expect, it } from "vitest";
import { FakeHost } from "./fake-host";
import { inputOf, type Thing } from "./made";

const LAB = "00c0ffee";
const SERVICE = {
  id: "six",
  lab: LAB,
  bridge: "vxbr",
  device: "gw-six",
  local: "192.168.10.156",
  mac: "02:00:00:00:00:01",
  vlan: 7,
  addresses: ["fd00:3::1/120"],
  nat6: true,
};
const BOTH = { ...SERVICE, addresses: ["10.0.3.1/24", "fd00:3::1/64"], nat: true };
const FORWARDING = "sys/net/ipv6/conf/all/forwarding";
const RA = (device: string) => `sys/net/ipv6/conf/${device}/accept_ra`;

let host: FakeHost;

const config = (state: object) => {
  const words =
    'configured() { own=$(unquoted "$addresses") dir=/d; dhcp_config; }; with_state service "" configured';
  return host.shell(words, inputOf("service", state as Thing<"service">)).stdout.split("\n");
};

/** What apply does before dnsmasq is waited for, and after. */
function gateway(state: object): void {
  const words = 'led() { local own; own=$(unquoted "$addresses"); nat_on; }; with_state service "" led';
  const { code, stderr } = host.shell(words, inputOf("service", state as Thing<"service">));
  expect([code, stderr]).toEqual([0, ""]);
}

/** One chain of the guard, without indentation. */
const chain = (name: string) =>
  (new RegExp(`  chain ${name} \\{\\n((?:    .*\\n)*)`).exec(host.read("loaded"))?.[1] ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** The guard's rules for what is on a link of the host. */
const beyond = (six: string, family: string) => [
  `update @hops${six} { rt ip${six} nexthop } ip${six} daddr != @hops${six} return`,
  `meta nfproto ${family} counter drop`,
];

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
    for (const device of ["eth0", "gw-six"]) host.shows(`sys/net/ipv4/conf/${device}/forwarding`, "0\n");
    host.shows(FORWARDING, "0\n");
    for (const [device, value] of Object.entries({ eth0: 1, eth1: 0, eth2: 2 }))
      host.shows(RA(device), `${value}\n`);
    host.shows("sys/net/ipv4/conf/vxbr/arp_ignore", "0\n");
  });

  it("makes a router of the host for what comes from the segment, and of nothing else on it", () => {
    gateway(SERVICE);
    expect(host.said()).toMatchInlineSnapshot(`
      "table inet vxlab_00c0ffee_dsix
      delete table inet vxlab_00c0ffee_dsix
      table inet vxlab_00c0ffee_dsix {
        chain forward {
          type filter hook forward priority filter
          iifname "gw-six" oifname != "eth0" drop
          oifname "gw-six" iifname != "eth0" drop
          
          meta nfproto ipv6 iifname "eth0" ct state new drop
          meta nfproto ipv6 iifname != "eth0" oifname != "eth0" drop
          meta nfproto ipv6 oifname "eth0" iifgroup != 24294 drop
        }
        chain postrouting {
          type nat hook postrouting priority srcnat
          
          oifname "eth0" ip6 saddr fd00:3::1/120 masquerade
        }
      }
      "
    `);
    expect(host.everything().map((call) => call.join(" "))).toContain("ip link set dev gw-six group 24294");
    expect(host.read(FORWARDING)).toBe("1\n");
    expect(host.read("sys/net/ipv4/conf/eth0/forwarding"), "IPv4").toBe("0\n");
  });

  it("keeps router advertisements by which the host has its own default route", () => {
    gateway(SERVICE);
    expect(["eth0", "eth1", "eth2"].map((device) => host.read(RA(device)))).toEqual(["2\n", "0\n", "2\n"]);
  });

  it("translates both families in one table", () => {
    gateway(BOTH);
    expect(
      host
        .said()
        .split("\n")
        .filter((line) => line.includes("masquerade")),
    ).toEqual([
      '    oifname "eth0" ip saddr 10.0.3.1/24 masquerade',
      '    oifname "eth0" ip6 saddr fd00:3::1/64 masquerade',
    ]);
  });

  it("leaves a host that was a router as it is", () => {
    host.shows(FORWARDING, "1\n");
    gateway(SERVICE);
    expect(host.said()).not.toMatch(/ct state new|iifgroup/);
    expect(host.read(RA("eth0"))).toBe("1\n");
    expect(host.shell("nat_rest").code).toBe(0);
    expect(host.read(FORWARDING)).toBe("1\n");
  });

  it("ends with the last of the host's gateways", () => {
    gateway(SERVICE);
    host.keeps("service", { ...SERVICE, id: "another" });
    host.shell("nat_rest");
    expect(host.read(FORWARDING)).toBe("1\n");
    host.forgets(`state/desired/service-${LAB}-another.json`);
    host.shell("nat_rest");
    expect([FORWARDING, RA("eth0"), RA("eth2")].map((file) => host.read(file))).toEqual([
      "0\n",
      "1\n",
      "2\n",
    ]);
  });

  it("announces itself, with no address for anybody, and lends none", () => {
    const lines = config(SERVICE);
    expect(lines).toEqual(
      expect.arrayContaining([
        "interface=gw-six",
        "dhcp-range=fd00:3::1,static,120,infinite",
        "enable-ra",
        "ra-param=gw-six,60,300",
      ]),
    );
    expect(lines.filter((line) => line.startsWith("dhcp-option"))).toEqual([]);
    const dhcp = { first: "10.0.3.192", last: "10.0.3.254", mtu: 1400 };
    expect(config({ ...BOTH, dhcp }).filter((line) => line.startsWith("dhcp-range"))).toEqual([
      "dhcp-range=10.0.3.192,10.0.3.254,255.255.255.0,12h",
      "dhcp-range=fd00:3::1,static,64,infinite",
    ]);
    expect(config({ ...BOTH, nat6: false, dhcp })).not.toContain("enable-ra");
  });

  it("is let out by the guard, but not to what is closed, and its router solicitations come in", () => {
    const bridge = { id: "br", lab: LAB, bridge: "vxbr", mac: SERVICE.mac, mtu: 1450, guard: true };
    expect(host.guest(["apply", "bridge"], bridge).code).toBe(0);
    const four = { ...SERVICE, id: "four", device: "gw-four", addresses: ["10.0.3.1/24"], nat: true };
    const closed = ["fd00:10::/64", "192.168.10.0/24"];
    // What follows the guard needs a kernel.
    host.guest(["apply", "service"], { ...four, nat6: false, closed });
    expect(chain("outside").slice(0, 2)).toEqual([
      'iifname != { "gw-four" } counter drop',
      "meta nfproto ipv6 counter drop",
    ]);
    host.keeps("service", { ...four, nat6: false, closed });
    host.forgets(FORWARDING);
    host.guest(["apply", "service"], { ...SERVICE, closed });
    expect(chain("inside")).toContain('iifname { "gw-six" } icmpv6 type nd-router-solicit accept');
    expect(host.read("loaded")).toMatch(/type ipv6_addr; .*\n +elements = \{ fd00:10::\/64 \}/);
    expect(chain("outside").slice(0, 2)).toEqual([
      'meta nfproto ipv4 iifname != { "gw-four" } counter drop',
      'meta nfproto ipv6 iifname != { "gw-six" } counter drop',
    ]);
    expect(chain("outside").slice(-6)).toEqual([
      "ip daddr @closed counter drop",
      "ip6 daddr @closed6 counter drop",
      ...beyond("", "ipv4"),
      ...beyond("6", "ipv6"),
    ]);
  });

  describe("is led by the guard to what is behind a router alone", () => {
    const guarded = (defaults: string) => {
      const bridge = { id: "br", lab: LAB, bridge: "vxbr", mac: SERVICE.mac, mtu: 1450, guard: true };
      expect(host.guest(["apply", "bridge"], bridge).code).toBe(0);
      host.shows("defaults", defaults);
      // What follows the guard needs a kernel.
      host.guest(["apply", "service"], BOTH);
      host.keeps("service", BOTH);
      return chain("outside").filter((rule) => /hops|^meta nfproto ipv. counter/.test(rule));
    };

    it.each([
      ["with a route by IPv4", "default via 192.168.10.1 dev eth0 \n", ["", "6"]],
      ["with none at all", "", ["", "6"]],
      ["with one of another interface", "default dev ppp0 scope link \n", ["", "6"]],
      ["with several next hops", "default \\\tnexthop via 10.0.0.1 dev eth0 weight 1\n", [""]],
    ])("%s", (_, defaults, sets) => {
      const families = sets.map((set) => beyond(set, set === "" ? "ipv4" : "ipv6"));
      expect(guarded(defaults).slice(0, 2)).toEqual(families[0]);
    });

    it("which a host without next hops cannot be asked, at boot neither", () => {
      expect(guarded("default dev eth0 scope link \n")).toEqual([]);
      expect(host.read("loaded")).not.toContain("hops");
      expect(guarded("")).toEqual([]);
      expect(guarded("default via inet6 fe80::1 dev eth0 \n"), "RFC 8950").toEqual(beyond("6", "ipv6"));
      expect(guarded("default via fe80::1 dev eth0 metric 1024 \n")).toEqual(beyond("6", "ipv6"));
    });

    it("and is as it was loaded while next hops are in use", () => {
      guarded("");
      const loaded = host.read("loaded");
      const used =
        "\tset hops {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.1,\n\t\t\t     10.0.0.2 }\n\t}\n";
      const listing = (hops: string) =>
        `table inet vxlab_guard {\n\tset closed {\n\t\telements = { 10.1.0.0/16 }\n\t}\n${hops}`;
      const idle = used.replace(/\t\telements[^}]*\}\n/, "");
      expect(host.shell("without_hops", listing(used)).stdout).toBe(listing(idle));
      expect(host.shell("without_hops", listing(idle)).stdout).toBe(listing(idle));
      expect(loaded).toContain("set hops6");
    });
  });

  it("says in drift what is missing", () => {
    host.keeps("service", SERVICE);
    const drift = host.shell("nat_drift; dhcp_drift").stdout;
    for (const what of [
      "the nft table inet vxlab_00c0ffee_dsix is missing",
      "net.ipv6.conf.all.forwarding is not 1",
      "dnsmasq does not run: nothing announces the IPv6 gateway",
      "the loop that restarts dnsmasq does not run",
    ])
      expect(drift).toContain(what);
  });

  it("needs an IPv6 address", () => {
    const { code, stderr } = host.guest(["apply", "service"], { ...SERVICE, addresses: ["10.0.3.1/24"] });
    expect([code, stderr]).toEqual([1, "vxlab: gw-six has no IPv6 address, which IPv6 NAT needs\n"]);
  });
});
