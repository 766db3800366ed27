/** components/router/guest.sh: the configuration of FRR, who else may run it, and what changes without an end of a session. */
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeHost } from "./fake-host";
import type { Thing } from "./made";

const LAB = "00c0ffee";
const CLIENT: Thing<"router"> = {
  ...{ id: "lab-kvm3-evpn", lab: LAB, bridge: "vxbr", local: "192.168.10.13", as: 65000 },
  neighbours: [{ address: "192.168.10.11" }, { address: "192.168.10.12" }],
};
const REFLECTOR: Thing<"router"> = {
  ...{ id: "lab-kvm1-evpn", lab: LAB, bridge: "vxbr", local: "192.168.10.11", as: 65000, reflector: true },
  neighbours: [{ address: "172.20.0.5", as: 65001 }, { address: "192.168.10.12" }],
  listen: ["192.168.10.0/24"],
  clients: ["192.168.10.2-192.168.10.254", "172.20.0.5"],
};

let host: FakeHost;

function apply(router: object): void {
  expect(host.guest(["apply", "router"], router)).toMatchObject({ code: 0, stderr: "" });
}

const config = () => host.read("state/router/bgpd.conf");

/** A process of this host, in its network unless told otherwise. */
function runs(pid: number, words: string[], net = "net:[1]"): void {
  host.shows(`proc/${pid}/comm`, `${words[0]?.replace(/.*\//, "")}\n`);
  host.shows(`proc/${pid}/cmdline`, words.map((word) => `${word}\0`).join(""));
  host.shell(
    `ln -sfn '${net}' "$PROC/${pid}/ns-net"; mkdir -p "$PROC/${pid}/ns"; ln -sfn '${net}' "$PROC/${pid}/ns/net"`,
  );
}

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.11/24 scope global eth0\n");
    for (const name of ["zebra", "bgpd"]) {
      host.shows(`frr/${name}`, "");
      chmodSync(host.path(`frr/${name}`), 0o755);
    }
    host.shell(`mkdir -p "$PROC/self/ns"; ln -sfn 'net:[1]' "$PROC/self/ns/net"`);
  });

  it("a client has sessions with the reflectors, and listens to nobody", async () => {
    apply(CLIENT);
    expect(config()).toContain("router bgp 65000\n bgp router-id 192.168.10.13\n");
    expect(config()).toContain(
      " neighbor 192.168.10.11 peer-group vx\n neighbor 192.168.10.12 peer-group vx\n",
    );
    expect(config()).not.toMatch(/listen|reflector|cluster/);
    // In the background, so in either order.
    const loops = () => host.calls("setsid").map((words) => words.slice(1).join(" "));
    const both = ["route bgpd", "route zebra"];
    await vi.waitFor(() => expect(loops().sort()).toEqual(both), { timeout: 10_000 });
    expect(existsSync(host.path("state/guard.nft")) ? host.read("state/guard.nft") : "").not.toContain("179");
  });

  it("a reflector takes sessions of its network, and has one with each of another owner's reflectors", () => {
    host.keeps("bridge", { id: "lab-kvm1-vxbr", lab: LAB, mac: "02:00:00:00:00:01" });
    apply(REFLECTOR);
    expect(config()).toContain(
      " neighbor 172.20.0.5 remote-as 65001\n neighbor 172.20.0.5 ebgp-multihop 8\n neighbor 172.20.0.5 disable-connected-check\n neighbor 172.20.0.5 update-source 192.168.10.11\n",
    );
    expect(host.read("state/router/zebra.conf")).toContain("\nip nht resolve-via-default\n");
    expect(config()).toContain(" bgp listen limit 5000\n bgp listen range 192.168.10.0/24 peer-group vx\n");
    expect(config()).toContain(
      "  neighbor vx route-reflector-client\n  neighbor 172.20.0.5 activate\n  advertise-all-vni\n",
    );
    expect(host.read("state/guard.nft")).toContain(
      "ip daddr 192.168.10.11 tcp dport 179 ip saddr != { 192.168.10.2-192.168.10.254, 172.20.0.5 } counter drop",
    );
  });

  it("where the host encrypts, takes sessions by WireGuard alone", () => {
    host.keeps("bridge", { id: "lab-kvm1-vxbr", lab: LAB, mac: "02:00:00:00:00:01" });
    const peers = [{ publicKey: "bbbb", address: "10.255.10.12", vtep: "192.168.10.12" }];
    const local = "192.168.10.11";
    const wg0 = { bridge: "vxbr", local, address: "10.255.10.11", publicKey: "aaaa", mtu: 1440, peers };
    host.keeps("encryption", { id: "lab-kvm1-wg0", lab: LAB, ...wg0 });
    apply({ ...REFLECTOR, local: "10.255.10.11", clients: ["10.255.0.1-10.255.255.254"] });
    expect(host.read("state/guard.nft")).toContain(
      'ip daddr 10.255.10.11 tcp dport 179 iifname != "wg0" counter drop\n' +
        "    ip daddr 10.255.10.11 tcp dport 179 ip saddr != { 10.255.0.1-10.255.255.254 } counter drop",
    );
  });

  it("that gets another VTEP, or the other role, has them at the next start of bgpd", () => {
    // It ends its loop.
    const bgpd = '#!/bin/sh\necho "$@" >>"$FAKE/bgpd-started"\nrm -f "$FAKE/state/router/bgpd.conf"\n';
    host.shows("frr/bgpd", bgpd);
    const started = (router: object) => {
      apply(router);
      host.guest(["route", "bgpd"]);
      return host.read("bgpd-started").trim().split("\n").at(-1);
    };
    expect(started(REFLECTOR)).toContain(" -l 192.168.10.11 ");
    host.shows("addresses", "2: wg0    inet 10.255.10.11/32 scope global wg0\n");
    expect(started({ ...REFLECTOR, local: "10.255.10.11" })).toContain(" -l 10.255.10.11 ");
    host.shows("addresses", "2: eth0    inet 192.168.10.13/24 scope global eth0\n");
    expect(started(CLIENT)).toContain(" -p 0 ");
    expect(started({ ...CLIENT, reflector: true })).toContain(" -l 192.168.10.13 ");
  });

  it("with the guard off has no rule", () => {
    host.keeps("bridge", { id: "lab-kvm1-vxbr", lab: LAB, mac: "02:00:00:00:00:01", guard: false });
    apply(REFLECTOR);
    expect(existsSync(host.path("state/guard.nft"))).toBe(false);
  });

  it("where only neighbours differ, the router that runs is told, and none ends", () => {
    apply(REFLECTOR);
    runs(42, ["/usr/lib/frr/bgpd", "-N", "vxlab"]);
    host.shows("run-frr/vxlab/bgpd.pid", "42\n");
    host.calls();
    apply({
      ...REFLECTOR,
      neighbours: [{ address: "172.20.0.6", as: 65002 }, { address: "192.168.10.12" }],
      listen: ["192.168.10.0/24", "172.20.0.9/32"],
    });
    const [told] = host.calls("vtysh");
    expect(told?.filter((word) => word !== "-c").slice(2)).toEqual([
      "configure terminal",
      "router bgp 65000",
      "no neighbor 172.20.0.5",
      "neighbor 172.20.0.6 remote-as 65002",
      "neighbor 172.20.0.6 ebgp-multihop 8",
      "neighbor 172.20.0.6 disable-connected-check",
      "neighbor 172.20.0.6 update-source 192.168.10.11",
      "neighbor 172.20.0.6 timers 3 9",
      "neighbor 172.20.0.6 timers connect 2",
      "bgp listen range 172.20.0.9/32 peer-group vx",
      "address-family l2vpn evpn",
      "neighbor 172.20.0.6 activate",
    ]);
    apply({ ...REFLECTOR, as: 65009 });
    expect(host.calls("vtysh"), "another AS is a new start").toEqual([]);
  });

  it("is not there beside somebody else's, which stays", () => {
    runs(77, ["/usr/lib/frr/zebra", "-d"]);
    const { code, stderr } = host.guest(["apply", "router"], CLIENT);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("somebody else's zebra runs on this host (process 77)"),
    ]);
    expect(existsSync(host.path("state/router"))).toBe(false);
  });

  it("does not mind one in another network, nor its own", () => {
    runs(77, ["/usr/lib/frr/zebra", "-d"], "net:[2]");
    runs(78, ["/usr/lib/frr/zebra", "-N", "vxlab", "-u", "frr"]);
    apply(CLIENT);
  });

  it("is not there beside another lab's", () => {
    host.keeps("router", { ...CLIENT, lab: "0badcafe" });
    const { stderr } = host.guest(["apply", "router"], CLIENT);
    expect(stderr).toContain("another lab has an EVPN router on this host");
  });

  it("without FRR says how to get it", () => {
    host.forgets("frr/bgpd");
    expect(host.guest(["apply", "router"], CLIENT).stderr).toContain(
      "no FRR on this host: apt-get install frr",
    );
  });

  it("refuses text where an address belongs", () => {
    const neighbours = [{ address: "192.168.10.11\n neighbor 1.2.3.4 remote-as 1" }];
    expect(host.guest(["apply", "router"], { ...CLIENT, neighbours }).stderr).toContain(
      "desired state has text",
    );
  });

  it("says when it does not run, or is configured otherwise; and goes without a trace", () => {
    apply(CLIENT);
    const quiet = host.guest(["drift"]).stdout;
    expect(quiet).toContain("router: zebra does not run");
    host.shows("state/router/bgpd.conf", "router bgp 1\n");
    expect(host.guest(["drift"]).stdout).toContain("bgpd.conf is not as planned");
    expect(host.guest(["remove", "router"], CLIENT)).toMatchObject({ code: 0 });
    for (const name of ["state/router", "run-frr", "etc-frr/vxlab"])
      expect(existsSync(host.path(name))).toBe(false);
  });

  it("leaves the folder of FRR's package", () => {
    mkdirSync(host.path("run-frr"));
    apply(CLIENT);
    apply(CLIENT);
    expect(host.guest(["remove", "router"], CLIENT)).toMatchObject({ code: 0 });
    expect(readdirSync(host.path("run-frr"))).toEqual([]);
  });
});
