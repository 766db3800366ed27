/** guest/host/check.sh: what an existing host must have, asked as it is asked over SSH. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHECK_COMMAND, CHECK_HOST } from "../../guest/render";
import { HostNeed } from "../../plan/types";
import { temporary } from "../lib/temporary";

const TOOLS: Record<string, string> = {
  "ovs-vsctl": "",
  "lxc-start": "",
  busybox: "",
  flock: "",
  tcpdump: "",
  "ovs-ofctl": "",
  nft: "",
  dnsmasq: "",
  docker: "",
  wg: "",
  zebra: "",
  bgpd: "",
  // What check.sh starts beside the shell's own.
  cat: 'exec /bin/cat "$@"',
  tr: 'exec /usr/bin/tr "$@"',
  modprobe: "exit 1",
  id: "echo 0",
  ip: `case "$*" in
    "-o address show to 192.168.10.11" | *"scope global") echo "2: eth0    inet 192.168.10.11/24 scope global eth0" ;;
    "-o link show dev eth0") echo "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP" ;;
    "-o address show to "[!0-9]*) echo 'Error: any valid prefix is expected rather than "nonsense".' >&2; exit 1 ;;
  esac`,
  awk: 'exec /usr/bin/awk "$@"',
};

interface Asked {
  mtu?: number;
  needs?: HostNeed[];
  /** Whether its kernel has the module vxlan loaded. @default true */
  loaded?: boolean;
  /** @default none */
  peers?: string[];
  /** Files below /proc. @default none */
  proc?: Record<string, string>;
}

/** A host with these programs; false: not there. */
function check(
  vtep: string,
  change: Record<string, string | false> = {},
  shell = "dash",
  { mtu = 1500, needs = [], loaded = true, peers = [], proc = {} }: Asked = {},
) {
  const bin = temporary("check");
  for (const [name, body] of Object.entries({ ...TOOLS, ...change }))
    if (body !== false) writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const processes = temporary("proc");
  for (const [name, body] of Object.entries(proc)) {
    mkdirSync(join(processes, dirname(name)), { recursive: true });
    writeFileSync(join(processes, name), body);
  }
  const places = CHECK_HOST.replace(/^PATH=.*$/m, `PATH=${bin}`);
  if (places === CHECK_HOST) throw new Error("check.sh sets no PATH");
  const script = places.replace("/sys/module/$module", loaded ? bin : join(bin, "no"));
  if (script === places) throw new Error("check.sh looks for no module");
  const [program = "", ...words] = shell.split(" ");
  const { status, stdout, stderr } = spawnSync(program, [...words, "-c", CHECK_COMMAND], {
    input: `${[mtu, vtep, ...needs, ...peers.map((peer) => `to:${peer}`)].join(" ")}\n${script}`,
    encoding: "utf8",
    env: { ...process.env, VXLAB_FRR: bin, VXLAB_PROC: processes, VXLAB_SYSCTL: join(processes, "sys") },
  });
  return { status, stdout, stderr };
}

describe("an existing host", () => {
  it.each(["dash", "bash", "busybox sh"])("that has everything passes, by way of %s", (shell) =>
    expect(check("192.168.10.11", {}, shell)).toEqual({ status: 0, stdout: '{"ready":true}\n', stderr: "" }),
  );

  it("that lacks things is told all of them at once, with the cure", () => {
    const { status, stderr } = check("192.168.10.11", {
      "ovs-vsctl": false,
      "ovs-ofctl": false,
      busybox: false,
    });
    expect(status).toBe(1);
    expect(stderr).toContain(
      "this host lacks openvswitch-switch, openvswitch-common, busybox-static. Nothing was changed.",
    );
    expect(stderr).toContain("ssh root@HOST sh -s <prepare.sh");
  });

  const everything = { needs: Object.values(HostNeed) };

  it("that has what gateways, DHCP servers, groups, flows and Docker need passes", () =>
    expect(check("192.168.10.11", {}, "dash", everything)).toMatchObject({ status: 0, stderr: "" }));

  it.each([
    ["gateway", "nft", "nftables"],
    ["dhcp", "dnsmasq", "dnsmasq-base"],
    ["docker", "docker", "docker.io"],
    ["frr", "bgpd", "frr"],
    ["frr", "zebra", "frr"],
    ["guard", "nft", "nftables"],
  ])("for a %s without %s is told %s, which prepare.sh installs when it is named", (need, tool, debian) => {
    const { status, stderr } = check("192.168.10.11", { [tool]: false }, "dash", everything);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`this host lacks ${debian}. Nothing`)]);
    expect(stderr).toContain(`ssh root@HOST sh -s ${debian} <prepare.sh`);
    // Where nothing of the kind is put there it may be missing.
    const same = tool === "nft" ? ["gateway", "guard"] : [need];
    const needs = everything.needs.filter((one) => !same.includes(one));
    expect(check("192.168.10.11", { [tool]: false }, "dash", { needs })).toMatchObject({ status: 0 });
  });

  it("on which its owner runs FRR, or whose packet filter judges bridged frames, is refused for EVPN alone", () => {
    const zebra = (words: string) => ({ "41/comm": "zebra\n", "41/cmdline": words.replaceAll(" ", "\0") });
    const asked = (proc: Record<string, string>, needs = [HostNeed.Frr]) =>
      check("192.168.10.11", {}, "dash", { needs, proc });
    const theirs = asked(zebra("/usr/lib/frr/zebra -d "));
    expect([theirs.status, theirs.stderr]).toEqual([
      1,
      expect.stringContaining("zebra runs on this host and is its owner's"),
    ]);
    expect(asked(zebra("/usr/lib/frr/zebra -N vxlab "))).toMatchObject({ status: 0, stderr: "" });
    expect(asked(zebra("/usr/lib/frr/zebra -d "), [])).toMatchObject({ status: 0 });
    const filtered = { "sys/net/bridge/bridge-nf-call-iptables": "1\n" };
    expect(asked(filtered).stderr).toContain("net.bridge.bridge-nf-call-iptables is 1 on this host");
    expect(asked(filtered, [])).toMatchObject({ status: 0 });
  });

  it("without nft is told of nftables once, and how to do without the host guard", () => {
    const { stderr } = check("192.168.10.11", { nft: false }, "dash", { needs: [HostNeed.Guard] });
    expect(stderr).toContain("this host lacks nftables. Nothing");
    expect(stderr).toContain("hosts.<name>.guard: false does without it");
    // For a gateway there is no doing without.
    const gateway = check("192.168.10.11", { nft: false }, "dash", { needs: [HostNeed.Gateway] });
    expect(gateway.stderr).not.toContain("guard");
  });

  it("whose kernel lacks the module of its tunnels, vxlan or geneve, is refused", () => {
    const at = (modprobe: string, needs: HostNeed[]) =>
      check("192.168.10.11", { modprobe }, "dash", { needs, loaded: false }).stderr;
    expect(at("exit 1", [HostNeed.Multicast])).toContain("this host lacks the kernel's module vxlan.");
    expect(at('[ "$*" = "-n -q vxlan" ]', [HostNeed.Multicast])).toBe("");
    expect(at("exit 1", [HostNeed.Geneve])).toContain("this host lacks the kernel's module geneve.");
    expect(at('[ "$*" = "-n -q geneve" ]', [HostNeed.Geneve])).toBe("");
    expect(at("exit 1", [])).toBe("");
  });

  it("whose interface takes less than the lab sends is refused, with the two ways out", () => {
    const { status, stdout, stderr } = check("192.168.10.11", {}, "dash", { mtu: 9000 });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(
      "eth0, which leads to the underlay of the VTEP 192.168.10.11, has an MTU of 1500 bytes, and the lab sends packets of 9000.",
    );
    expect(stderr).toContain("set underlay.mtu: 1500, or ");
    expect(stderr).toContain("ip link set dev eth0 mtu 9000");
  });

  describe("whose VTEP is on lo", () => {
    const ip = `case "$*" in
      "-o address show to 10.255.0.1") echo "1: lo    inet 10.255.0.1/32 scope global lo" ;;
      "-o route get 10.2.0.1 from 10.255.0.1") echo "10.2.0.1 from 10.255.0.1 via 192.0.2.1 dev eth1 uid 0" ;;
      "-o route get 10.255.0.1 from "*) echo "local 10.255.0.1 dev lo" ;;
      "-o -4 route show default") echo "default via 192.0.2.1 dev eth2" ;;
      "-o link show dev lo") echo "1: lo: <LOOPBACK,UP> mtu 65536 qdisc" ;;
      "-o link show dev eth"[12]) echo "2: eth1: <UP> mtu 1400 qdisc" ;;
      "-o link show dev eth3") echo "3: eth3: <UP> mtu 1300 qdisc" ;;
      "-o link show") printf '1: lo: <LOOPBACK> mtu 65536\\n3: eth3@if7: <UP> mtu 1300\\n' ;;
    esac`;
    const bare = ip.replace(/^.*route show default.*$/m, "");
    const asked = (peers: string[], host = ip, mtu = 1450) =>
      check("10.255.0.1", { ip: host, grep: 'exec /usr/bin/grep "$@"' }, "dash", { mtu, peers });

    it.each([
      ["the interfaces to its peers", ["10.2.0.1"], ip, "eth1, which leads to the underlay", "1400"],
      ["the default route's where no peer is known", [], ip, "eth2, which leads to the underlay", "1400"],
      [
        "the default route's where the peer is itself",
        ["10.255.0.1"],
        ip,
        "eth2, which leads to the underlay",
        "1400",
      ],
      [
        "any but lo where there is no default route either",
        [],
        bare,
        "eth3, which leads to the underlay",
        "1300",
      ],
    ])("is held to the MTU of %s", (_, peers, host, said, mtu) => {
      const { status, stderr } = asked(peers, host);
      expect([status, stderr]).toEqual([1, expect.stringContaining(said)]);
      expect(stderr).toContain(`has an MTU of ${mtu} bytes`);
      expect(asked(peers, host, 1300)).toMatchObject({ status: 0, stderr: "" });
    });
  });

  it("whose interface takes less than any underlay is told to raise it, nothing else", () => {
    const ip = String(TOOLS["ip"]).replace("mtu 1500", "mtu 1279");
    const { stderr } = check("192.168.10.11", { ip });
    expect(stderr).toContain("has an MTU of 1279 bytes");
    expect(stderr).not.toContain("underlay.mtu");
  });

  it("whose interface takes more than that passes", () =>
    expect(check("192.168.10.11", {}, "busybox sh", { mtu: 1450 })).toMatchObject({ status: 0, stderr: "" }));

  it("that lets in somebody who is not root is refused", () => {
    const { status, stderr } = check("192.168.10.11", { id: '[ "$1" = -u ] && echo 1000 || echo ops' });
    expect([status, stderr]).toEqual([1, expect.stringContaining("vxlab: ops is not root on this host")]);
  });

  it("whose Open vSwitch does not answer is refused", () =>
    expect(check("192.168.10.11", { "ovs-vsctl": "exit 1" }).stderr).toContain("a running Open vSwitch."));

  it.each(["192.168.10.12", "nonsense", ""])(
    "without the VTEP %j is refused, and its addresses are named",
    (vtep) => {
      const { status, stderr } = check(vtep);
      expect(status).toBe(1);
      expect(stderr).toContain(`no interface of this host has ${vtep}, the address of its VTEP`);
      expect(stderr).toContain("vxlab:   192.168.10.11/24 on eth0");
    },
  );
});
