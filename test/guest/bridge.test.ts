/** components/bridge/guest.sh: the bridge's own interface, and what a host with systemd gets beside it. */
import { beforeEach, describe, expect, it } from "vitest";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { firstStepInput, PROTOCOL } from "../../guest/protocol";
import { FakeHost } from "./fake-host";
import { envelopeOf, inputOf } from "./made";

const BRIDGE = {
  id: "lab-kvm1-vxbr",
  lab: "00c0ffee",
  bridge: "vxbr",
  mac: "02:00:00:00:00:01",
  mtu: 1450,
  address: "10.1.2.10/24",
};
const UNIT = "none/system/vxlab.service";
const DROP_IN = "none/system/ovs-vswitchd.service.d/vxlab.conf";

const MODPROBE = "sys/kernel/modprobe";

let host: FakeHost;
const ownImage = () => host.shows("tools-init/rcS", "");

function apply(state: object): string[] {
  host.calls();
  const { code, stderr } = host.guest(["apply", "bridge"], state);
  expect([code, stderr]).toEqual([0, ""]);
  return host.everything().map((call) => call.join(" "));
}

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("net/vxbr/address", "02:00:00:00:00:01\n");
    host.shows("net/vxbr/mtu", "1450\n");
    host.shows("owner", "vxbr\nvxlab=00c0ffee\n");
    host.shows(MODPROBE, "/sbin/modprobe\n");
  });

  describe("on a host where somebody stopped Open vSwitch", () => {
    const repair = `${JSON.stringify({ ...envelopeOf("bridge", BRIDGE), repair: "Open vSwitch does not answer" })}\n`;

    it("is started by systemd", () => {
      host.shows("none/system/there", "");
      expect(host.guest(["apply", "bridge"], repair).code).toBe(0);
      expect(host.calls("systemctl")).toContainEqual(["start", "openvswitch-switch"]);
    });

    it("says at once what to do on a host without systemd, and changes nothing", () => {
      const { code, stderr } = host.guest(["apply", "bridge"], repair);
      expect([code, stderr]).toEqual([
        1,
        "vxlab: Open vSwitch does not run on this host: start ovsdb-server and ovs-vswitchd there, then run up again\n",
      ]);
      expect(host.changes()).toEqual([]);
      host.shows("ovs", "Open_vSwitch\n");
      expect(host.guest(["apply", "bridge"], repair).code).toBe(0);
    });
  });

  describe("whose name is taken", () => {
    const taken: [string, string, RegExp][] = [
      ["by somebody else's bridge", "vxbr\n", /vxbr is somebody else's bridge, so it was not changed:/],
      ["by another lab's bridge", "vxbr\nvxlab=0badcafe\n", /another lab's bridge .*ovs-vsctl del-br vxbr/],
      ["by an interface", "", /vxbr is an interface of this host, so it was not/],
    ];
    it.each(taken)("%s is refused, with nothing changed and nothing left behind", (_, owner, said) => {
      host.shows("owner", owner);
      const { code, stderr } = host.guest(["apply", "bridge"], BRIDGE);
      expect([code, stderr]).toEqual([1, expect.stringMatching(said)]);
      expect(host.changes()).toEqual([]);
      expect([existsSync(host.path("state")), existsSync(host.path("tools"))]).toEqual([false, false]);
    });

    it("keeps what else is on the host", () => {
      host.shows("state/desired/bridge-other.json", "{}");
      host.shows("owner", "vxbr\n");
      expect(host.guest(["apply", "bridge"], BRIDGE).code).toBe(1);
      expect([host.kept(), existsSync(host.path("tools"))]).toEqual([["bridge-other.json"], true]);
    });

    it("after the lab's own went is not taken away in its stead", () => {
      apply(BRIDGE);
      host.shows("owner", "vxbr\n");
      expect(host.guest(["remove", "bridge"], BRIDGE).code).toBe(0);
      expect(host.changes()).toEqual([]);
      expect(host.kept()).toEqual([]);
    });

    it("by a rename to it is refused before the old one goes", () => {
      apply(BRIDGE);
      host.shows("owner", "br0\n");
      expect(host.guest(["apply", "bridge"], { ...BRIDGE, bridge: "br0" }).code).toBe(1);
      expect([host.changes(), host.kept()]).toEqual([[], ["bridge-00c0ffee-lab-kvm1-vxbr.json"]]);
    });
  });

  it("is not asked after where there can be no other: on our own image, as long as nothing has its name", () => {
    const asked = () => apply(BRIDGE).filter((call) => call.includes("find bridge name=vxbr"));
    ownImage();
    host.forgets("net/vxbr");
    host.guest(["apply", "bridge"], BRIDGE);
    expect(
      host
        .everything()
        .map((call) => call.join(" "))
        .join(),
    ).not.toContain("find bridge");
    host.forgets("state");
    host.shows("net/vxbr/address", "02:00:00:00:00:01\n");
    host.shows("net/vxbr/mtu", "1450\n");
    expect(asked()).toHaveLength(1);
  });

  it("on our own image keeps the kernel from starting modprobe for names of devices, until the last lab leaves", () => {
    const helper = host.path("tools/modprobe");
    apply(BRIDGE);
    expect([existsSync(helper), host.read(MODPROBE)], "on other hosts").toEqual([false, "/sbin/modprobe\n"]);
    ownImage();
    apply(BRIDGE);
    expect(host.read(MODPROBE)).toBe(`${helper}\n`);
    const ask = (name: string) => spawnSync("sh", [helper, "-q", "--", name]).status;
    expect(ask("netdev-vxbr"), "no module has that alias").toBe(0);
    expect(ask("vxlab-no-such-module"), "modprobe's own answer").not.toBe(0);
    host.guest(["remove", "bridge"], BRIDGE);
    expect([existsSync(helper), host.read(MODPROBE)]).toEqual([false, "/sbin/modprobe\n"]);
  });

  it("is taken away by its own lab", () => {
    apply(BRIDGE);
    host.guest(["remove", "bridge"], BRIDGE);
    expect(host.changes()).toEqual([["--if-exists", "del-br", "vxbr"]]);
  });

  it("has exactly its address", () => {
    host.shows("addresses", "5: vxbr    inet 10.1.2.99/24 scope global vxbr\n");
    const moved = apply(BRIDGE);
    expect(moved).toContain("ip address del 10.1.2.99/24 dev vxbr");
    expect(moved).toContain("ip address replace 10.1.2.10/24 dev vxbr");
    expect(apply({ ...BRIDGE, address: undefined }).filter((call) => call.includes("replace"))).toEqual([]);
  });

  it("needs no unit where there is no systemd", () => {
    apply(BRIDGE);
    expect(existsSync(host.path("none"))).toBe(false);
  });

  it("comes back with systemd, as do flows whenever ovs-vswitchd starts; and takes both away in the end", () => {
    host.shows("none/system/here", "");
    const calls = apply(BRIDGE);
    expect(calls).toContain("systemctl --quiet enable vxlab.service");
    expect(host.read(UNIT)).toContain(`ExecStart=${host.path("tools")}/guest boot\n`);
    expect(host.read(UNIT)).toMatch(/^After=.* network-online\.target\nWants=.* network-online\.target$/m);
    expect(host.read(DROP_IN)).toBe(`[Service]\nExecStartPost=-${host.path("tools")}/guest flows\n`);
    expect(apply(BRIDGE).filter((call) => call.startsWith("systemctl"))).toEqual([]);
    // A unit of tools of before.
    const unit = host.read(UNIT);
    host.shows(UNIT, unit.replaceAll(" network-online.target", ""));
    expect(apply(BRIDGE)).toContain("systemctl daemon-reload");
    expect(host.read(UNIT)).toBe(unit);
    host.guest(["remove", "bridge"], BRIDGE);
    expect([existsSync(host.path(UNIT)), existsSync(host.path(DROP_IN))]).toEqual([false, false]);
    expect(host.everything().map((call) => call.join(" "))).toContain("systemctl daemon-reload");
  });
});

describe("a bridge whose step comes just when another lab has left the host", () => {
  it("is refused: the tools went with that lab", () => {
    const host = new FakeHost();
    expect(host.shell(`rm "$TOOLS/guest"; main apply bridge`, inputOf("bridge", BRIDGE))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("run up again") as string,
    });
    expect(host.changes()).toEqual([]);
  });
});

describe("removing a bridge with the stdin that its step was sent", () => {
  const state = JSON.stringify({
    id: BRIDGE.id,
    lab: BRIDGE.lab,
    name: "vxbr",
    mac: BRIDGE.mac,
    mtu: 1450,
    address: null,
  });
  it.each([
    [
      "does not read the tools that come after it",
      firstStepInput(envelopeOf("bridge", BRIDGE), "0123456789ab"),
    ],
    ["nor those at its end, of level 2", `${state.slice(0, -1)},"tools":{"script":"# 0123456789ab\\n"}}`],
  ])("%s", (_, sent) => {
    const host = new FakeHost();
    // What awk is given to read of it.
    const awk = `#!/bin/sh\nexec 3>>${host.path("read")}\nprintf '%s\\n' "$@" >&3\n/usr/bin/awk "$@" | tee /dev/fd/3\n`;
    host.runs("awk", awk);
    host.shows("owner", `vxbr vxlab=${BRIDGE.lab}\n`);
    expect(host.guest(["remove", "bridge"], sent)).toMatchObject({ code: 0, stdout: `{"v":${PROTOCOL}}\n` });
    expect(JSON.stringify(host.changes())).toContain('"del-br","vxbr"');
    expect(host.read("read")).toContain(BRIDGE.mac);
    expect(host.read("read")).not.toContain("0123456789ab");
  });
});
