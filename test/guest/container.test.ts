/** components/container/guest.sh and nics.sh: what LXC and Open vSwitch are told, and what changes with no container stopped. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { beforeEach, describe, expect, it } from "vitest";
import type { InterfaceWanted } from "../../components/container/thing";
import { PROTOCOL } from "../../guest/protocol";
import { FakeHost } from "./fake-host";
import { keptOf } from "./made";

const NIC: InterfaceWanted = {
  bridge: "vxbr",
  veth: "v-c1",
  mac: "02:00:00:00:00:01",
  addresses: ["10.0.3.10/24"],
  portSecurity: false,
};
const BOX = { id: "lab-c1", lab: "00c0ffee", name: "c1", interfaces: [NIC] };
/** As it was kept by the tools before there were several interfaces. */
const FLAT = {
  ...{ id: "lab-c1", lab: "00c0ffee", name: "c1", bridge: "vxbr", address: "10.0.3.10/24" },
  ...{ mac: NIC.mac, mtu: 1450, veth: "v-c1", vlan: null, command: ["/sbin/init"], rootfs: "busybox" },
};
const TRUNK = {
  ...NIC,
  addresses: [],
  trunk: [
    { vlan: 20, addresses: ["10.0.20.7/24", "fd00:20::7/64"] },
    { vlan: 30, mtu: 1400 },
  ],
};

/** What `ip -o` shows inside: eth0 as BOX wants it. */
const INSIDE =
  "2: eth0@if5: <BROADCAST,UP> mtu 1450 qdisc noqueue state UP\\    link/ether 02:00:00:00:00:01\n" +
  "2: eth0    inet 10.0.3.10/24 brd 10.0.3.255 scope global eth0\\       valid_lft forever\n" +
  "2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever\n";

let host: FakeHost;

function apply(state: object | string): string[] {
  host.calls();
  const { code, stderr } = host.guest(["apply", "container"], state);
  expect([code, stderr]).toEqual([0, ""]);
  return host.everything().map((call) => call.join(" "));
}

const box = (name: string) => host.read(`state/containers/c1/${name}`);
const restarts = (calls: string[]) => calls.filter((call) => /^lxc-st(op|art)/.test(call)).length;
const batch = (calls: string[]) =>
  calls.some((call) => call.endsWith("-batch -")) ? host.said().trim().split("\n") : [];

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("net/vxbr/address", "");
    host.shows("net/v-c1/mtu", "1450\n");
    host.shows("state/containers/c1/rootfs/etc/hostname", "");
    host.shows("inside", INSIDE);
  });

  it("tells LXC of each interface", () => {
    const second = { ...NIC, veth: "v-c1-1", mac: "02:00:00:00:00:02", vlan: 7, mtu: 1400 };
    apply({
      ...BOX,
      interfaces: [
        { ...NIC, gateway: "10.0.3.1" },
        { ...second, addresses: ["fd00::1/64"] },
      ],
    });
    const config = box("config").replaceAll(host.folder, "");
    expect(config.slice(config.indexOf("lxc.net.0"))).toMatchInlineSnapshot(`
      "lxc.net.0.type = veth
      lxc.net.0.name = eth0
      lxc.net.0.flags = up
      lxc.net.0.hwaddr = 02:00:00:00:00:01
      lxc.net.0.mtu = 1450
      lxc.net.0.veth.pair = v-c1
      lxc.net.0.ipv4.address = 10.0.3.10/24
      lxc.net.0.ipv4.gateway = 10.0.3.1
      lxc.net.0.script.up = /tools/guest plug
      lxc.net.0.script.down = /tools/guest unplug
      lxc.net.1.type = veth
      lxc.net.1.name = eth1
      lxc.net.1.flags = up
      lxc.net.1.hwaddr = 02:00:00:00:00:02
      lxc.net.1.mtu = 1400
      lxc.net.1.veth.pair = v-c1-1
      lxc.net.1.ipv6.address = fd00::1/64
      lxc.net.1.script.up = /tools/guest plug
      lxc.net.1.script.down = /tools/guest unplug
      "
    `);
    host.everything();
    host.guest(["plug", "c1", "net", "up", "veth", "v-c1-1"]);
    const ours = 'external_ids:vxlab-container="00c0ffee-lab-c1"';
    expect(host.everything().map((call) => call.join(" ").replace(host.folder, ""))).toEqual([
      `ovs-vsctl --may-exist add-port vxbr v-c1-1 -- set port v-c1-1 tag=7 trunks=[] ${ours}`,
      "ovs-ofctl add-flows vxbr /state/containers/c1/flows/v-c1-1",
    ]);
    // A port that a chain probes, and one that it does not.
    host.shows("state/chains/00c0ffee-x/probes", "v-c1-1 500\nv-m1 300\n");
    const bfd = ["v-c1-1", "v-c1"].map((veth) => {
      const { code } = host.guest(["plug", "c1", "net", "up", "veth", veth]);
      const [words = ""] = host.everything().map((call) => call.join(" "));
      return [
        code,
        /set interface v-c1-1 bfd:enable=true bfd:min_tx=500 bfd:min_rx=500$/.test(words),
        words.includes("bfd"),
      ];
    });
    expect(bfd).toEqual([
      [0, true, true],
      [0, false, false],
    ]);
  });

  it("sees in its cgroup that a container runs, and asks LXC where that does not tell", () => {
    const asked = (calls: string[]) => calls.filter((call) => call.startsWith("lxc-info ")).length;
    expect(asked(apply(BOX)), "after the start, no cgroup is shown").toBeGreaterThan(0);
    host.shows("cgroups/lxc.payload.c1/cgroup.procs", "275\n280\n");
    host.shows("proc/275/status", "Name:\tinit\nNSpid:\t275\t1\n");
    const calls = apply(BOX);
    expect([asked(calls), restarts(calls)]).toEqual([0, 0]);
    const { stdout } = host.guest(["observe", "container"], BOX);
    expect(JSON.parse(stdout)).toMatchObject({ v: PROTOCOL, state: { name: "c1" } });
    // Another's process, or the first of the container's own has gone to a cgroup below.
    host.shows("proc/275/status", "Name:\tsh\nNSpid:\t275\n");
    expect(asked(apply(BOX))).toBeGreaterThan(0);
    host.shows("cgroups/lxc.payload.c1/cgroup.procs", "");
    expect(asked(apply(BOX))).toBeGreaterThan(0);
  });

  it("is said to have ended at once when it has", () => {
    host.shows("ends", "");
    const { code, stderr } = host.guest(["apply", "container"], BOX);
    expect([code, stderr]).toEqual([1, "vxlab: container c1 exited at once; its command is '/sbin/init'\n"]);
    expect(host.kept()).toEqual([]);
  });

  /** The first process of the container that will be started, and what that runs. */
  const begins = (...words: string[]) => {
    host.shows("cgroups/lxc.payload.c1/cgroup.procs", "275\n");
    host.shows("proc/275/status", "Name:\tsh\nNSpid:\t275\t1\n");
    host.shows("proc/275/cmdline", words.map((word) => `${word}\0`).join(""));
  };

  it("is waited for until its command has taken the place of our own init, however that goes", async () => {
    begins("/bin/sh", "/.vxlab-init");
    // Many looks, but far fewer than the step's 60; then the command is not there.
    host.nap = "0.05";
    const gone = `sleep 0.8; rm state-of; : >cgroups/lxc.payload.c1/cgroup.procs; rm -r proc/275`;
    const later = spawn("sh", ["-c", gone], { cwd: host.folder, stdio: "ignore" });
    const { code, stderr } = host.guest(["apply", "container"], BOX);
    await (later.exitCode ?? once(later, "exit"));
    expect([code, stderr]).toEqual([1, "vxlab: container c1 exited at once; its command is '/sbin/init'\n"]);
  });

  it("that never comes to its command is no container that runs, nor at the second attempt", () => {
    begins("/bin/sh", "/.vxlab-init");
    const error = `vxlab: container c1: its command has not started: '/sbin/init'. To see what runs instead: lxc-attach -P ${host.path("state/containers")} -n c1 -- ps\n`;
    expect(host.guest(["apply", "container"], BOX)).toMatchObject({ code: 1, stdout: "", stderr: error });
    host.shows("state/desired/container-00c0ffee-lab-c1.json", keptOf("container", BOX));
    expect(host.guest(["apply", "container"], BOX)).toMatchObject({ code: 1, stdout: "", stderr: error });
  });

  it("runs when its command is another, be it one that names our init", () => {
    begins("/bin/cat", "/.vxlab-init");
    apply(BOX);
  });

  it("makes a trunk's VLANs inside at every start, and keeps a DHCP client there", () => {
    apply({ ...BOX, interfaces: [TRUNK] });
    expect(box("ports")).toBe("v-c1 vxbr 00c0ffee-lab-c1 - 20,30\n");
    expect(box("rootfs/.vxlab-init")).toBe("#!/bin/sh\nleased=''\n. /.vxlab-net\nexec '/sbin/init'\n");
    expect(box("rootfs/.vxlab-net").split("\n")).toEqual([
      "ip link add link eth0 name eth0.20 type vlan id 20",
      "ip link set dev eth0.20 mtu 1450 up",
      "ip address add 10.0.20.7/24 dev eth0.20",
      "ip address add fd00:20::7/64 dev eth0.20",
      "ip link add link eth0 name eth0.30 type vlan id 30",
      "ip link set dev eth0.30 mtu 1400 up",
      "",
    ]);
    apply({ ...BOX, interfaces: [{ ...NIC, addresses: [], dhcp: true }] });
    expect(box("rootfs/.vxlab-init")).toContain("leased='eth0 '\n");
    expect(box("rootfs/.vxlab-net")).toMatch(/udhcpc -f -i "\$nic" .* -O mtu /);
    host.calls();
    host.guest(["plug", "c1", "net", "up", "veth", "v-c1"]);
    expect(host.calls()[0]?.join(" ")).toContain("set port v-c1 tag=0 trunks=[]");
  });

  it("stays as it is the second time", () => {
    expect(restarts(apply(BOX))).toBe(1);
    const again = apply(BOX);
    expect(restarts(again)).toBe(0);
    expect(batch(again)).toEqual([]);
  });

  it("goes on when its desired state was lost, and starts anew when the command is another then", () => {
    const lost = "state/desired/container-00c0ffee-lab-c1.json";
    apply(BOX);
    host.forgets(lost);
    expect(restarts(apply(BOX))).toBe(0);
    expect(host.read(lost)).toContain('"lab-c1"');
    host.forgets(lost);
    expect(restarts(apply({ ...BOX, command: ["sleep", "9"] })), "stop and start").toBe(2);
  });

  it("goes on when what was kept has the form of before", () => {
    const flat = JSON.stringify(FLAT);
    apply(flat);
    host.shows("state/desired/container-00c0ffee-lab-c1.json", flat);
    host.forgets("state/level");
    expect(restarts(apply(BOX))).toBe(0);
    expect(restarts(apply(flat))).toBe(0);
  });

  it("keeps running when older tools started it without a log of its console, and has one with its next start", () => {
    apply(BOX);
    const logged = /^lxc\.console\.logfile = .*\/c1\/console\nlxc\.console\.size = 128KB\n/m;
    expect(box("config")).toMatch(logged);
    host.shows("state/containers/c1/config", box("config").replace(logged, "lxc.console.path = none\n"));
    expect(restarts(apply(BOX))).toBe(0);
    expect(box("config")).toMatch(logged);
  });

  it.each<[string, object, string[]]>([
    [
      "another address",
      { addresses: ["10.0.3.11/24", "fd00::1/64"] },
      [
        "address del 10.0.3.10/24 dev eth0",
        "address replace 10.0.3.11/24 dev eth0",
        "address replace fd00::1/64 dev eth0",
      ],
    ],
    [
      "another address beside a gateway, whose route goes with the old one",
      { addresses: ["10.0.3.11/24"], gateway: "10.0.3.1" },
      [
        "address del 10.0.3.10/24 dev eth0",
        "address replace 10.0.3.11/24 dev eth0",
        "route replace default via 10.0.3.1 dev eth0",
      ],
    ],
    ["a gateway", { gateway: "10.0.3.1" }, ["route replace default via 10.0.3.1 dev eth0"]],
    ["another MTU", { mtu: 1400 }, ["link set dev eth0 mtu 1400 up"]],
    ["another VLAN", { vlan: 7 }, []],
  ])("does not stop for %s", (_, change, told) => {
    apply(BOX);
    const calls = apply({ ...BOX, interfaces: [{ ...NIC, ...change }] });
    expect(restarts(calls)).toBe(0);
    expect(batch(calls)).toEqual(told);
    expect(host.kept()).toEqual(["container-00c0ffee-lab-c1.json"]);
    expect(JSON.parse(host.read("state/desired/container-00c0ffee-lab-c1.json"))).toMatchObject({
      state: { interfaces: [change] },
    });
    if ("vlan" in change) expect(calls.join("\n")).toContain("set port v-c1 tag=7 trunks=[]");
    if ("mtu" in change) expect(calls).toContain("ip link set dev v-c1 mtu 1400");
  });

  it("does not stop for a trunk's VLANs, nor for another bridge", () => {
    apply({ ...BOX, interfaces: [TRUNK] });
    host.shows("inside", INSIDE + "3: eth0.20@eth0: <UP> mtu 1450\n4: eth0.40@eth0: <UP> mtu 1450\n");
    host.shows("bridge", "vxbr\n");
    const other = { ...TRUNK, bridge: "br2", trunk: TRUNK.trunk.slice(1) };
    const calls = apply({ ...BOX, interfaces: [other] });
    expect(restarts(calls)).toBe(0);
    expect(batch(calls)).toEqual([
      "link del dev eth0.20",
      "link del dev eth0.40",
      "link add link eth0 name eth0.30 type vlan id 30",
      "link set dev eth0.30 mtu 1400 up",
      "address del 10.0.3.10/24 dev eth0",
    ]);
    expect(calls).toContain("ovs-vsctl --if-exists del-port v-c1");
    expect(calls.join("\n")).toContain("add-port br2 v-c1 -- set port v-c1 tag=[] trunks=30 ");
  });

  it("leaves the addresses and the default route of a DHCP client alone", () => {
    const leased = { ...BOX, interfaces: [{ ...NIC, addresses: [], dhcp: true }] };
    apply(leased);
    host.shows("inside", `${INSIDE}default via 10.0.3.1 dev eth0 \n`);
    expect(batch(apply(leased))).toEqual([]);
    apply(BOX);
    expect(batch(apply(BOX))).toEqual(["route del default"]);
    const moved = { ...BOX, interfaces: [{ ...NIC, addresses: ["10.0.9.1/24"] }] };
    expect(batch(apply(moved)).slice(0, 2)).toEqual([
      "route del default",
      "address del 10.0.3.10/24 dev eth0",
    ]);
  });

  it.each<[string, object]>([
    ["another command", { command: ["/bin/sleep", "9"] }],
    ["another MAC", { interfaces: [{ ...NIC, mac: "02:00:00:00:00:09" }] }],
    ["another name of its veth", { interfaces: [{ ...NIC, veth: "v-x" }] }],
    ["one more interface", { interfaces: [NIC, { ...NIC, veth: "v-c1-1" }] }],
    ["its first DHCP", { interfaces: [{ ...NIC, dhcp: true }] }],
    ["its first trunk", { interfaces: [TRUNK] }],
  ])("starts anew for %s", (_, change) => {
    apply(BOX);
    expect(restarts(apply({ ...BOX, ...change }))).toBe(2);
  });

  it.each<[string, object]>([
    ["bridge", { bridge: "vxbr\nlxc.cap.keep = sys_admin" }],
    ["mac", { mac: "$(id)" }],
    ["veth", { veth: "v c1" }],
    ["address", { addresses: ["10.0.3.10/24;id"] }],
    ["gateway", { gateway: "`id`" }],
    ["trunk", { trunk: [{ vlan: "7\nid", addresses: [], mtu: 1400 }] }],
  ])("refuses shell and configuration in its %s", (_, change) => {
    const { code, stderr } = host.guest(["apply", "container"], {
      ...BOX,
      interfaces: [{ ...NIC, ...change }],
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^vxlab: the desired state has text where a name or an address belongs: /);
    expect(host.everything()).toEqual([]);
  });

  const attached = (calls: string[]) => calls.filter((call) => call.startsWith("lxc-attach "));

  it("has the host's name servers when it has a gateway, by a process of its own and with no start", () => {
    const out = { ...BOX, interfaces: [{ ...NIC, gateway: "10.0.3.1" }] };
    expect(attached(apply(out)), "the host has none").toEqual([]);
    host.shows("resolv.conf", "nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
    expect(attached(apply(BOX)), "no way out").toEqual([]);
    const calls = apply(out);
    expect(attached(calls)).toEqual([
      `lxc-attach -P ${host.path("state/containers")} -n c1 -- /bin/sh -c cat >/etc/resolv.conf`,
    ]);
    expect(host.read("attached")).toBe("nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
    expect(restarts(calls)).toBe(0);
  });

  it("takes a lease's name servers into its own root", () => {
    apply({ ...BOX, interfaces: [{ ...NIC, addresses: [], dhcp: true }] });
    const resolv = host.path("inside-resolv.conf");
    const lease = box("rootfs/.vxlab-lease").replace("resolv=/etc/resolv.conf", `resolv=${resolv}`);
    host.shows("lease", lease);
    // dash, in which the recording programs go before those of this machine.
    const told = (environment: string) => host.shell(`${environment} dash ${host.path("lease")} bound`);
    expect(told("interface=none ip=10.0.3.7 dns='192.0.2.1 192.0.2.2'")).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(host.read("inside-resolv.conf")).toBe("nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
    told("interface=none ip=10.0.3.7");
    expect(host.read("inside-resolv.conf"), "a lease without any takes none away").toContain("192.0.2.2");
  });

  it("is gone with its ports", () => {
    apply(BOX);
    host.has(["v-c1", "v-c1-1"], []);
    expect(host.guest(["remove", "container"], BOX).code).toBe(0);
    expect(host.changes()).toEqual([
      ["--if-exists", "del-port", "v-c1"],
      ["--if-exists", "del-port", "v-c1-1"],
    ]);
    expect(host.kept()).toEqual([]);
  });
});
