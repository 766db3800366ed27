/** components/container/published.sh: which rules ports of a host are, when they and the pair come, what is named as drift, what is left. */
import { existsSync, mkdirSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { PortProtocol } from "../../components/container/spec-inside";
import type { PublishedState } from "../../components/container/thing";
import { FakeHost } from "./fake-host";

const LAB = "00c0ffee";
const WEB: PublishedState = {
  device: "p-c1",
  own: "169.254.31.144",
  address: "192.168.10.156",
  ports: [
    { port: 8080, to: 80, protocol: PortProtocol.Tcp },
    { port: 5353, to: 53, protocol: PortProtocol.Udp },
  ],
};
const NIC = {
  bridge: "vxbr",
  veth: "v-c1",
  mac: "02:00:00:00:00:01",
  addresses: ["10.0.3.10/24"],
  portSecurity: false,
};
const BOX = { id: "lab-c1", lab: LAB, name: "c1", interfaces: [NIC] };
const TABLE = "vxlab_00c0ffee_dlab_dc1";
const RULES = `state/published/${LAB}-lab-c1`;
const FORWARDING = "sys/net/ipv4/conf/eth0/forwarding";
const TUNED = "state/tuned/net,ipv4,conf,eth0,forwarding";
const INSIDE =
  "2: eth0@if5: <BROADCAST,UP> mtu 1450 qdisc noqueue state UP\\    link/ether 02:00:00:00:00:01\n" +
  "2: eth0    inet 10.0.3.10/24 brd 10.0.3.255 scope global eth0\\       valid_lft forever\n";
const PAIR = "7: ports    inet 169.254.31.144/32 scope global ports\n192.168.10.156 dev ports scope link\n";

let host: FakeHost;

function apply(published: PublishedState | undefined): string[] {
  host.calls();
  const { code, stderr } = host.guest(["apply", "container"], { ...BOX, published });
  expect([code, stderr]).toEqual([0, ""]);
  return host.everything().map((call) => call.join(" "));
}
const at = (calls: string[], what: RegExp) => calls.findIndex((call) => what.test(call));
const drift = () =>
  host
    .shell("published_drift")
    .stdout.split("\n")
    .filter((line) => line !== "");

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
    host.shows("net/eth0/flags", "0x1003\n");
    host.shows("net/vxbr/address", "");
    host.shows("net/v-c1/mtu", "1450\n");
    host.shows("state/containers/c1/rootfs/etc/hostname", "");
    host.shows("inside", INSIDE);
    host.shows(FORWARDING, "0\n");
    mkdirSync(host.path("sys/net/ipv4/conf/p-c1"), { recursive: true });
  });

  it("are one table, which lets out nothing that the container begins", () => {
    apply(WEB);
    expect(host.read(RULES)).toMatchInlineSnapshot(`
      "table inet vxlab_00c0ffee_dlab_dc1
      delete table inet vxlab_00c0ffee_dlab_dc1
      table inet vxlab_00c0ffee_dlab_dc1 {
        chain prerouting {
          type nat hook prerouting priority -100
          iifname "eth0" ip daddr 192.168.10.156 tcp dport 8080 dnat ip to 169.254.31.144:80
          iifname "eth0" ip daddr 192.168.10.156 udp dport 5353 dnat ip to 169.254.31.144:53
        }
        chain output {
          type nat hook output priority -100
          ip daddr 192.168.10.156 tcp dport 8080 dnat ip to 169.254.31.144:80
          ip daddr 192.168.10.156 udp dport 5353 dnat ip to 169.254.31.144:53
        }
        chain postrouting {
          type nat hook postrouting priority 100
          oifname "p-c1" snat ip to 192.168.10.156
        }
        chain input {
          type filter hook input priority 0
          iifname "p-c1" ip saddr 169.254.31.144 ct direction reply ct state established accept
          iifname "p-c1" drop
        }
        chain forward {
          type filter hook forward priority 0
          iifname "p-c1" ip saddr 169.254.31.144 oifname "eth0" ct direction reply ct state established accept
          iifname "p-c1" drop
          iifname "eth0" ct status dnat accept
          oifname "p-c1" drop
          iifname "eth0" ct state new drop
        }
      }
      "
    `);
    expect(host.read(FORWARDING)).toBe("1\n");
  });

  it("are there before the container starts, and its pair with each start of it", () => {
    const calls = apply(WEB);
    const loaded = at(calls, new RegExp(`^nft -f .*${RULES}$`));
    expect(loaded).toBeGreaterThanOrEqual(0);
    expect(loaded).toBeLessThan(at(calls, /^lxc-start /));
    expect(at(calls, /^ip link add p-c1 type veth peer name ports netns 275$/)).toBeGreaterThan(loaded);
    expect(host.read("state/containers/c1/config")).toContain("lxc.hook.start-host");
    expect(host.read("state/containers/c1/wire")).toBe(
      `publish ${LAB}-lab-c1 p-c1 169.254.31.144 192.168.10.156\n`,
    );
    host.calls();
    host.forgets("net/p-c1");
    expect(host.shell("LXC_PID=300; routing_wire c1").code).toBe(0);
    const again = host.everything().map((call) => call.join(" "));
    expect(at(again, /netns 300$/)).toBeGreaterThan(at(again, /^nft -f /));
  });

  it("change while it runs: other ports restart nothing", () => {
    apply(WEB);
    host.shows("inside", INSIDE + PAIR);
    const [web] = WEB.ports;
    const calls = apply({ ...WEB, ports: web === undefined ? [] : [{ ...web, to: 81 }] });
    expect(calls.filter((call) => /^lxc-st/.test(call))).toEqual([]);
    expect(host.read(RULES)).toContain("dnat ip to 169.254.31.144:81");
    expect(host.read(RULES)).not.toContain("5353");
  });

  it("leave nothing when they go, or the container goes", () => {
    apply(WEB);
    host.shows("table", "");
    const calls = apply(undefined);
    expect(calls).toContain("ip link del dev p-c1");
    expect(calls).toContain(`nft delete table inet ${TABLE}`);
    expect([existsSync(host.path("state/published")), host.read(FORWARDING)]).toEqual([false, "0\n"]);
    apply(WEB);
    expect(host.read(FORWARDING)).toBe("1\n");
    expect(host.guest(["remove", "container"], { ...BOX, published: WEB }).code).toBe(0);
    expect([existsSync(host.path("state/published")), host.read(FORWARDING)]).toEqual([false, "0\n"]);
  });

  it("are refused where a program of the host listens, before anything is changed", () => {
    const line = (port: string, state: string) =>
      `  0: 00000000:${port} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 0 0 1 1 0 100\n`;
    host.shows("proc/net/tcp", line("1F90", "01") + line("1F91", "0A"));
    apply(WEB);
    host.shows("proc/net/tcp6", line("1F90", "0A"));
    // It is not asked again while the port is ours.
    apply(WEB);
    host.forgets(RULES);
    const { code, stderr } = host.guest(["apply", "container"], { ...BOX, published: WEB });
    expect([code, stderr]).toEqual([1, expect.stringContaining("tcp port 8080 of this host is in use")]);
  });

  it("are refused where another lab has one of them", () => {
    apply(WEB);
    const other = { ...BOX, lab: "11111111", name: "c9", published: { ...WEB, device: "p-c9" } };
    const { code, stderr } = host.guest(["apply", "container"], {
      ...other,
      interfaces: [{ ...NIC, veth: "v-c9" }],
    });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("a port of this host for container c9 is in use"),
    ]);
  });

  it("name as drift a table, a pair and a switch that are not as they were left", () => {
    apply(WEB);
    expect(drift().join("\n")).toMatch(/table inet \S+ is missing/);
    host.shows("table", "");
    host.shows("inside", PAIR);
    host.shows("p-route", "169.254.31.144 scope link\n");
    mkdirSync(host.path("net/p-c1"), { recursive: true });
    expect(drift()).toEqual([]);
    host.shows("p-route", "");
    host.shows(FORWARDING, "0\n");
    expect(drift().join("\n")).toContain("net.ipv4.conf.eth0.forwarding is not 1");
    expect(drift().join("\n")).toContain("interface ports or the route to it is missing");
  });

  it.each([
    ["a policy", "policy drop;\n\t\tct state established accept", "tcp dport 22 accept", ["inet mine f"]],
    ["a last rule", "policy accept;", "reject", ["inet mine f"]],
    ["another container's", "policy drop;", 'oifname "p-c2" accept', ["inet mine f"]],
    ["the pair is let through", "policy drop;", 'oifname "p-c1" accept', []],
    ["its address is", "policy drop;", "ip daddr 169.254.31.144 tcp dport 80 accept", []],
    ["a longer address is", "policy drop;", "ip daddr 169.254.31.1440 accept", ["inet mine f"]],
    ["what is translated is", "policy drop;", "ct status dnat accept", []],
    ["nothing is dropped", "policy accept;", "tcp dport 22 accept", []],
  ])("name somebody else's chain that drops what comes for them: %s", (_, policy, rule, chains) => {
    apply(WEB);
    const head = "type filter hook forward priority filter; ";
    host.shows("listing", `table inet mine {\n\tchain f {\n\t\t${head}${policy}\n\t\t${rule}\n\t}\n}\n`);
    const found = drift().flatMap((line) => / somebody else: nft list chain (.*)$/.exec(line)?.[1] ?? []);
    expect(found).toEqual(chains);
  });

  it("do not end with a gateway's last rule, nor a gateway's with theirs", () => {
    apply(WEB);
    expect(host.shell("nat_rest").code).toBe(0);
    expect([existsSync(host.path(TUNED)), host.read(FORWARDING)]).toEqual([true, "1\n"]);
  });
});
