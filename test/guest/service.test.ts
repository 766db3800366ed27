/** components/service/guest.sh: what dnsmasq and nft are told, and what is left afterwards. */
import { beforeEach, describe, expect, it } from "vitest";
import { existsSync } from "node:fs";
import { FakeHost } from "./fake-host";
import { inputOf, type Thing } from "./made";

const LAB = "00c0ffee";
const STEP = "lab-kvm1_red.1";
const ID = `${LAB}-${STEP}`;
const SERVICE = {
  id: STEP,
  lab: LAB,
  bridge: "vxbr",
  device: "s-red",
  local: "192.168.10.156",
  mac: "02:00:00:00:00:01",
  vlan: 7,
  addresses: ["10.0.3.1/22"],
};
const DHCP = { first: "10.0.3.192", last: "10.0.3.254", mtu: 1400 };
/** Another name than the id would give twice: what nft does not take is told apart. */
const TABLE = "vxlab_00c0ffee_dlab_dkvm1_ured_p1";

let host: FakeHost;
const dir = `state/services/${ID}`;

/** Seems to be running: this test, whose command line cannot be dnsmasq's, is none; so a process is started that is. */
function apply(state: object): string[] {
  host.calls();
  const { code, stderr } = host.guest(["apply", "service"], state);
  expect([code, stderr]).toEqual([0, ""]);
  return host.everything().map((call) => call.join(" "));
}

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
    for (const device of ["eth0", "s-red"]) host.shows(`sys/net/ipv4/conf/${device}/forwarding`, "0\n");
    host.shows("sys/net/ipv4/conf/vxbr/arp_ignore", "0\n");
    host.shows("net/s-red/address", "02:00:00:00:00:01\n");
    host.shows("net/s-red/mtu", "1450\n");
  });

  it("is an interface of the host in the segment", () => {
    const calls = apply(SERVICE);
    const ours = `external_ids:vxlab-service="${ID}"`;
    expect(calls).toContain(
      `ovs-vsctl --may-exist add-port vxbr s-red -- set port s-red tag=7 ${ours} ` +
        `-- set interface s-red type=internal mac="02:00:00:00:00:01" mtu_request=1450 ${ours}`,
    );
    expect(calls).toContain("ip address replace 10.0.3.1/22 dev s-red");
    expect(calls.filter((call) => /^(setsid|nft -f -)/.test(call))).toEqual([]);
    expect(host.read("sys/net/ipv4/conf/vxbr/arp_ignore"), "the bridge's own answers for itself alone").toBe(
      "1\n",
    );
  });

  it("translates towards the interface that has the VTEP, forwards for these two alone", () => {
    apply({ ...SERVICE, nat: true });
    expect(host.said()).toMatchInlineSnapshot(`
      "table inet ${TABLE}
      delete table inet ${TABLE}
      table inet ${TABLE} {
        chain forward {
          type filter hook forward priority filter
          iifname "s-red" oifname != "eth0" drop
          oifname "s-red" iifname != "eth0" drop
          iifname "eth0" ct status dnat accept
          iifname "eth0" ct state new drop
        }
        chain postrouting {
          type nat hook postrouting priority srcnat
          oifname "eth0" ip saddr 10.0.3.1/22 masquerade
        }
      }
      "
    `);
    expect(host.read("sys/net/ipv4/conf/eth0/forwarding")).toBe("1\n");
    expect(host.read("sys/net/ipv4/conf/s-red/forwarding")).toBe("1\n");
  });

  it("lets in what a host that was a router before lets in", () => {
    host.shows("sys/net/ipv4/conf/eth0/forwarding", "1\n");
    apply({ ...SERVICE, nat: true });
    expect(host.said()).not.toContain("ct state new");
    apply(SERVICE);
    expect(host.read("sys/net/ipv4/conf/eth0/forwarding")).toBe("1\n");
  });

  it("translates towards the default route's interface when the VTEP is on lo", () => {
    host.shows("addresses", "1: lo    inet 192.168.10.156/32 scope global lo\n");
    host.shows("defaults", "default via 192.0.2.9 dev eth9\n");
    host.shows("sys/net/ipv4/conf/eth9/forwarding", "0\n");
    apply({ ...SERVICE, nat: true });
    expect(host.said()).toContain('oifname "eth9" ip saddr 10.0.3.1/22 masquerade');
    expect(host.said()).not.toContain('"lo"');
    expect(host.read("sys/net/ipv4/conf/eth9/forwarding")).toBe("1\n");
  });

  it("takes NAT away: the table, and forwarding with the host's last gateway", () => {
    apply({ ...SERVICE, nat: true });
    apply({ ...SERVICE, nat: true, id: "other", device: "s-red" });
    host.shows("table", "");
    expect(apply(SERVICE)).toContain(`nft delete table inet ${TABLE}`);
    expect(host.read("sys/net/ipv4/conf/eth0/forwarding")).toBe("1\n");
    apply({ ...SERVICE, id: "other" });
    expect(host.read("sys/net/ipv4/conf/eth0/forwarding")).toBe("0\n");
  });

  it("tells dnsmasq what to lend, with the MTU", () => {
    const lines = (dhcp: object) => {
      const script =
        'configured() { own=$(unquoted "$addresses") dir=/d; dhcp_config; }; with_state service "" configured';
      return host
        .shell(script, inputOf("service", { ...SERVICE, dhcp } as Thing<"service">))
        .stdout.split("\n");
    };
    expect(lines(DHCP)).toEqual(
      expect.arrayContaining([
        ...["port=0", "interface=s-red", "bind-interfaces", "dhcp-leasefile=/d/leases"],
        "dhcp-range=10.0.3.192,10.0.3.254,255.255.252.0,12h",
        "dhcp-option=option:mtu,1400",
        // Without a value the option is not sent; left out, dnsmasq would send its own address.
        "dhcp-option=option:router",
      ]),
    );
    expect(lines({ ...DHCP, router: "10.0.3.1", domain: "lab" })).toEqual(
      expect.arrayContaining(["dhcp-option=option:router,10.0.3.1", "domain=lab"]),
    );
  });

  it("tells of the host's name servers where the way out leads through the host, and of none that others cannot ask", () => {
    const line = (nat: boolean) => {
      const words = `configured() { own=$(unquoted "$addresses") dir=${host.path(dir)}; dhcp_config; }; with_state service "" configured`;
      const { code, stdout } = host.shell(words, inputOf("service", { ...SERVICE, nat, dhcp: DHCP }));
      expect(code).toBe(0);
      return stdout.split("\n").filter((one) => one.includes("dns-server"));
    };
    expect(line(true), "none on this host").toEqual(["dhcp-option=option:dns-server"]);
    const file = "search lab\nnameserver 127.0.0.53\nnameserver fd00::53\nnameserver 192.0.2.1\n";
    host.shows("resolv.conf", `${file}#nameserver 192.0.2.9\nnameserver $(id)\nnameserver 192.0.2.1\n`);
    expect(line(true)).toEqual(["dhcp-option=option:dns-server,192.0.2.1"]);
    expect(line(false)).toEqual(["dhcp-option=option:dns-server"]);
    host.shows("resolv.conf", "nameserver 127.0.0.53\n");
    host.shows("none/resolve/resolv.conf", "nameserver 192.0.2.2\nnameserver 192.0.2.3\n");
    const resolved = ["dhcp-option=option:dns-server,192.0.2.2,192.0.2.3"];
    expect(line(true), "systemd-resolved's").toEqual(resolved);
    host.forgets("none/resolve/resolv.conf");
    host.shows(`${dir}/dnsmasq.conf`, `port=0\n${resolved.join("")}\nlog-facility=-\n`);
    expect(line(true), "at a boot that comes before systemd-resolved").toEqual(resolved);
    expect(line(false)).toEqual(["dhcp-option=option:dns-server"]);
  });

  it("restarts dnsmasq with another configuration, and with a device that was made anew under its name, and not otherwise", () => {
    const script =
      'on() { local own; own=$(unquoted "$addresses"); dhcp_pid() { :; }; dhcp_is() { echo true; }; ' +
      'dhcp_end() { echo "ends $1"; }; dhcp_on; }; with_state service "" on';
    const applied = (dhcp: object) => {
      const { code, stdout } = host.shell(
        script,
        inputOf("service", { ...SERVICE, dhcp } as Thing<"service">),
      );
      expect(code).toBe(0);
      return stdout.trim();
    };
    host.shows("net/s-red/ifindex", "7\n");
    expect([applied(DHCP), applied(DHCP)]).toEqual(["ends dnsmasq", ""]);
    host.shows("net/s-red/ifindex", "12\n");
    expect([applied(DHCP), applied(DHCP)]).toEqual(["ends dnsmasq", ""]);
    expect([applied({ ...DHCP, mtu: 1300 }), applied({ ...DHCP, mtu: 1300 })]).toEqual(["ends dnsmasq", ""]);
  });

  it("knows the mask of every prefix length", () => {
    const script = "bits=0; while [ $bits -le 32 ]; do netmask $bits; bits=$((bits + 1)); done";
    const masks = host.shell(script).stdout.trim().split("\n");
    const number = (mask: string) => mask.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    expect(masks.map(number)).toEqual(Array.from({ length: 33 }, (_, bits) => 2 ** 32 - 2 ** (32 - bits)));
  });

  it("takes nothing for running that is another's: a process number is not enough", () => {
    host.shows(`${dir}/loop.pid`, `${process.pid}\n`);
    const asked = host.shell(`id=${ID}; dhcp_pid loop`);
    expect([asked.code, asked.stdout]).toEqual([1, ""]);
    expect(host.shell(`id=${ID}; dhcp_end loop`).code).toBe(0);
  });

  it.each(["10.0.3.192,dhcp-script=/bin/sh", "a\nb", "$(id)", "1 2"])("takes %j for no address", (first) => {
    const { code, stderr } = host.guest(["apply", "service"], {
      ...SERVICE,
      dhcp: { ...DHCP, domain: first + "\n" },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^vxlab: the desired state has text where a name or an address belongs: /);
    expect(host.everything()).toEqual([]);
  });

  it("leaves nothing", () => {
    apply({ ...SERVICE, nat: true });
    host.shows("table", "");
    host.has([], []);
    expect(host.guest(["remove", "service"], SERVICE).code).toBe(0);
    const calls = host.everything().map((call) => call.join(" "));
    expect(calls).toContain("ovs-vsctl --if-exists del-port s-red");
    expect(calls).toContain(`nft delete table inet ${TABLE}`);
    expect(host.read("sys/net/ipv4/conf/eth0/forwarding")).toBe("0\n");
    expect(existsSync(host.path("state"))).toBe(false);
  });
});
