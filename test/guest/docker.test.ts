/** components/container/kinds/docker/guest.sh: what Docker and the host's network are told, what starts a container anew, and whose image goes. */
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { InterfaceWanted } from "../../components/container/thing";
import { FakeHost } from "./fake-host";

const NIC: InterfaceWanted = {
  ...{ bridge: "vxbr", veth: "v-c1", mac: "02:00:00:00:00:01", addresses: ["10.0.3.10/24", "fd00::1/64"] },
  portSecurity: false,
};
const ARCHIVE = createHash("sha256").update("the archive").digest("hex");
const BOX = {
  ...{ id: "lab-c1", lab: "00c0ffee", name: "c1", kind: "docker", archive: ARCHIVE as string | undefined },
  ...{ env: ["A=it's", "B="], interfaces: [NIC] },
};
/** Of the same lab: the host keeps something besides. */
const BRIDGE = { id: "lab-kvm1-vxbr", lab: "00c0ffee", bridge: "vxbr", mac: "02:00:00:00:00:02", mtu: 1450 };
const INSIDE =
  "2: eth0@if5: <BROADCAST,UP> mtu 1450 qdisc noqueue state UP\\    link/ether 02:00:00:00:00:01\n" +
  "2: eth0    inet 10.0.3.10/24 brd 10.0.3.255 scope global eth0\\       valid_lft forever\n" +
  "2: eth0    inet6 fd00::1/64 scope global \\       valid_lft forever\n";

let host: FakeHost;
let socket: Server;

function attempt(state: object): { code: number | null; stderr: string; calls: string[] } {
  host.everything();
  const { code, stderr } = host.guest(["apply", "container"], state);
  return { code, stderr, calls: host.everything().map((call) => call.join(" ")) };
}

function apply(state: object): string[] {
  const { code, stderr, calls } = attempt(state);
  expect([code, stderr]).toEqual([0, ""]);
  return calls;
}

/** Docker's verbs that change something. */
const deeds = (calls: string[]) =>
  calls.flatMap((call) => /^docker (load|pull|create|start|stop|rm|image rm)\b/.exec(call)?.[1] ?? []);
const isThere = (name: string) => existsSync(host.path(name));
const first = () => host.read("state/docker/00c0ffee-lab-c1/in/first");

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(async () => {
    host = new FakeHost(shell);
    host.shows("net/vxbr/address", "");
    host.shows("state/images/00c0ffee-lab-c1.tar", "the archive");
    host.shows("loads", "Loaded image: app:latest\n");
    host.shows("own", '{"entry":["/bin/app","-x"],"cmd":["it\'s","\\u003ca b\\u003e"]}\n');
    host.shows("inside", INSIDE);
    socket = createServer();
    await new Promise<void>((listening) => socket.listen(host.path("docker.sock"), listening));
  });
  afterEach(() => new Promise((closed) => socket.close(closed)));

  it("gives it volumes that go with it, and capabilities; without any its shape is what it was", () => {
    const shape = (calls: string[]) =>
      /vxlab-shape=(\w+)/.exec(calls.find((call) => call.startsWith("docker create")) ?? "")?.[1];
    const plain = shape(apply(BOX));
    const calls = apply({ ...BOX, volumes: { "/data": "db" }, capAdd: ["NET_ADMIN"] });
    const create = calls.find((call) => call.startsWith("docker create")) ?? "";
    expect(create).toContain(
      " --mount type=volume,src=vxlab-00c0ffee-lab-c1-db,dst=/data --cap-add NET_ADMIN ",
    );
    expect(deeds(calls)).toEqual(["stop", "rm", "create", "start"]);
    expect(shape(calls)).not.toBe(plain);
    expect(deeds(apply({ ...BOX, volumes: { "/data": "db" }, capAdd: ["NET_ADMIN"] }))).toEqual([]);
    host.everything();
    host.shows("volumes", "vxlab-00c0ffee-lab-c1-db\n");
    expect(host.guest(["remove", "container"], BOX).code).toBe(0);
    const gone = host.everything().map((call) => call.join(" "));
    expect(gone).toContain("docker volume ls -q --filter label=vxlab-container=00c0ffee-lab-c1");
    expect(gone).toContain("docker volume rm vxlab-00c0ffee-lab-c1-db");
  });

  it("loads the archive, makes a container without a network, and gives it its interfaces before it goes on", () => {
    const calls = apply(BOX);
    expect(deeds(calls)).toEqual(["load", "create", "start"]);
    const create = calls.find((call) => call.startsWith("docker create")) ?? "";
    const box = host.path("state/docker/00c0ffee-lab-c1/in");
    expect(create.replace(/shape=\w+/, "shape=S").replace(box, "IN")).toBe(
      "docker create --name vxlab-c1 --hostname c1 --network none --restart no --label vxlab-container=00c0ffee-lab-c1 " +
        "--label vxlab-shape=S --mount type=bind,src=IN,dst=/.vxlab,readonly --entrypoint /.vxlab/busybox " +
        "--env-file /proc/self/fd/0 sha256:aa sh /.vxlab/start",
    );
    expect(host.read("variables")).toBe("#\nA=it's\nB=\n");
    expect(first()).toBe("set -- '/bin/app' '-x' 'it'\\''s' '<a b>'\n");
    const plug =
      "ip link add v-c1 mtu 1450 type veth peer name eth0 address 02:00:00:00:00:01 mtu 1450 netns 275";
    const ours = 'external_ids:vxlab-container="00c0ffee-lab-c1"';
    const port = `ovs-vsctl --may-exist add-port vxbr v-c1 -- set port v-c1 tag=0 trunks=[] ${ours}`;
    const order = [
      calls.findIndex((call) => /disable_ipv6/.test(call)),
      calls.indexOf(plug),
      calls.indexOf(port),
      calls.findIndex((call) =>
        /^ovs-ofctl --bundle add-flows vxbr \S+\/00c0ffee-lab-c1\/flows.new\/v-c1$/.test(call),
      ),
    ];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(calls.indexOf("docker start vxlab-c1"));
    expect(isThere("state/docker/00c0ffee-lab-c1/in/ready")).toBe(true);
    expect(host.kept()).toEqual(["container-00c0ffee-lab-c1.json"]);
  });

  it("stays as it is the second time, and changes its network while it runs", () => {
    apply(BOX);
    host.shows("net/v-c1/mtu", "1450\n");
    const again = apply(BOX);
    expect(deeds(again)).toEqual([]);
    expect(again.some((call) => call.startsWith("ip link add"))).toBe(false);
    const moved = { ...NIC, addresses: ["10.0.3.11/24"], vlan: 7, mtu: 1400 };
    const calls = apply({ ...BOX, interfaces: [moved] });
    expect(deeds(calls)).toEqual([]);
    expect(calls.join("\n")).toContain("set port v-c1 tag=7 trunks=[]");
    expect(host.said().trim().split("\n")).toEqual([
      "link set dev eth0 mtu 1400 up",
      "address del 10.0.3.10/24 dev eth0",
      "address del fd00::1/64 dev eth0",
      "address replace 10.0.3.11/24 dev eth0",
    ]);
  });

  it.each<[string, object]>([
    ["another command", { command: ["sleep", "9"] }],
    ["another variable", { env: ["A=2"] }],
    ["another MAC", { interfaces: [{ ...NIC, mac: "02:00:00:00:00:09" }] }],
    ["DHCP", { interfaces: [{ ...NIC, addresses: [], dhcp: true }] }],
  ])("starts anew for %s, with the image that is there", (_, change) => {
    apply(BOX);
    const calls = apply({ ...BOX, ...change });
    expect(deeds(calls)).toEqual(["stop", "rm", "create", "start"]);
  });

  it("keeps a DHCP client among the container's processes", () => {
    const calls = apply({ ...BOX, interfaces: [{ ...NIC, addresses: [], dhcp: true }] });
    const folder = host.path("state/docker/00c0ffee-lab-c1");
    expect(calls).toContain(`setsid nsenter -t 275 -n -p sh ${folder}/leases eth0 ${folder}/lease c1`);
    // The client sees the host's files: a lease's name servers would become the host's own.
    const resolv = host.path("resolv.conf");
    const lease = host.read("state/docker/00c0ffee-lab-c1/lease").replaceAll("/etc/resolv.conf", resolv);
    host.shows("tried", lease);
    host.shell(`interface=none ip=10.0.3.7 dns=192.0.2.1 dash ${host.path("tried")} bound`);
    expect(isThere("resolv.conf")).toBe(false);
  });

  it("comes back after a reboot as it was, and after a step that was cut short", () => {
    apply(BOX);
    host.shows("box", host.read("box").replace("running 275", "exited 0"));
    host.shows("net/v-c1/mtu", "1450\n");
    const calls = apply(BOX);
    expect(deeds(calls)).toEqual(["start"]);
    expect(calls).toContain("ip link del dev v-c1");
    host.forgets("state/docker/00c0ffee-lab-c1/in/ready");
    expect(deeds(apply(BOX))).toEqual(["stop", "start"]);
  });

  it("runs the command that is given instead of the image's, and asks the image for none", () => {
    const calls = apply({ ...BOX, command: ["sleep", "a b"] });
    expect(first()).toBe("set -- 'sleep' 'a b'\n");
    expect(calls.some((call) => call.includes(".Config.Cmd"))).toBe(false);
  });

  it.each([[["redis-server", "--save", ""]], [["sh", "", "", "a"]]])(
    "runs %j with its empty words, and keeps on when nothing changed",
    (command) => {
      apply({ ...BOX, command });
      const line = first().split("\n")[0] ?? "";
      expect(host.shell(`${line}; printf '%s\\0' "$@"`).stdout.split("\0").slice(0, -1)).toEqual(command);
      expect(deeds(apply({ ...BOX, command }))).toEqual([]);
      // One empty word less is another command.
      expect(deeds(apply({ ...BOX, command: command.slice(0, -1) }))).toContain("create");
    },
  );

  it.each(["[fd00:10::1]:5000/app:1", "Registry.Example.com/app", `reg/app@sha256:${"0".repeat(64)}`])(
    "asks Docker for %s as it is written",
    (image) => {
      host.shows("registry", "");
      const calls = apply({ ...BOX, archive: undefined, image });
      expect(calls).toContain(`docker pull -q ${image}`);
    },
  );

  it.each(["app;reboot", "a b", "$(reboot)", "-v", "app*"])("never takes %j for an image", (image) => {
    const { code, stderr, calls } = attempt({ ...BOX, archive: undefined, image });
    expect([code, stderr]).toEqual([1, `vxlab: not the name of an image: ${image}\n`]);
    expect(deeds(calls)).toEqual([]);
  });

  it("gives a container of older tools the new start script at its next start, and does not make it anew", () => {
    apply(BOX);
    for (const name of ["first", "ready"]) host.forgets(`state/docker/00c0ffee-lab-c1/in/${name}`);
    host.shows("state/docker/00c0ffee-lab-c1/in/start", "of before");
    expect(deeds(apply(BOX))).toEqual(["stop", "start"]);
    expect(first()).toBe("set -- '/bin/app' '-x' 'it'\\''s' '<a b>'\n");
    expect(host.read("state/docker/00c0ffee-lab-c1/in/start")).toContain("/proc/self/environ");
  });

  it("fetches an image by its name, and says what to do where that cannot be", () => {
    const named = { ...BOX, archive: undefined, image: "alpine:3.20" };
    host.shows("refuses", "no route to it\n");
    const refused = attempt(named);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /image alpine:3\.20 of container c1 is not on this host and cannot be fetched: no route to it\. .* archive: FILE/,
    );
    expect(host.kept()).toEqual([]);
    host.shows("registry", "");
    expect(deeds(apply(named))).toEqual(["pull", "create", "start"]);
    expect(isThere("state/images/00c0ffee-lab-c1.tar")).toBe(false);
  });

  // What Docker 20.10 says of Debian's registry (test/lab/docker.test.ts has them both).
  it.each([
    [
      "a tag that is not there",
      "manifest for reg:5000/app:2 not found: manifest unknown: manifest unknown",
      /write a name and a tag that it has/,
    ],
    [
      "a login that is missing",
      'Get "https://reg:5000/v2/app/manifests/2": no basic auth credentials',
      /run docker login on this host/,
    ],
    [
      "an authority that nobody knows",
      'Get "https://reg:5000/v2/": x509: certificate signed by unknown authority',
      /CA certificate to \/etc\/docker\/certs\.d\/REGISTRY\/ca\.crt/,
    ],
    [
      "a name that is none to this Docker",
      "invalid reference format",
      /do not support a registry with an IPv6 address/,
    ],
    [
      "a name that nobody tells the host",
      'Get "https://reg/v2/": dial tcp: lookup reg on [::1]:53: read udp [::1]:4->[::1]:53: read: connection refused',
      /The registry's name does not resolve on this host: see underlay\.mode and underlay\.nameservers, or write archive: FILE/,
    ],
  ])("says the cure for %s, and lets the container run on that is there", (_, said, cure) => {
    apply(BOX);
    host.shows("refuses", `Error response from daemon: ${said}\n`);
    const { code, stderr, calls } = attempt({ ...BOX, archive: undefined, image: "reg:5000/app:2" });
    expect(code).toBe(1);
    expect(stderr).toContain(said);
    expect(stderr).toMatch(cure);
    expect(deeds(calls)).toEqual(["pull"]);
  });

  it("takes what our own image brings, and never asks a registry for it", () => {
    const baked = { ...BOX, archive: undefined, image: "vxlab/busybox" };
    expect(attempt(baked).stderr).toContain("no image vxlab/busybox on this host");
    host.shows("baked/busybox.tar", "");
    const calls = apply(baked);
    expect(calls).toContain(`docker load -q -i ${host.path("baked/busybox.tar")}`);
    expect(deeds(calls)).not.toContain("pull");
  });

  it.each<[string, () => void, RegExp]>([
    [
      "an archive that has not arrived whole",
      () => host.shows("state/images/00c0ffee-lab-c1.tar", "the arch"),
      /not copied completely.*lab-c1-archive/,
    ],
    [
      "an archive of two images",
      () => host.shows("loads", "Loaded image: a:1\nLoaded image: b:1\n"),
      /exactly one image, and holds: a:1 b:1/,
    ],
    [
      "an image without a command",
      () => host.shows("own", '{"entry":null,"cmd":null}\n'),
      /no default command: set command/,
    ],
    ["a command that ends at once", () => host.shows("ends", ""), /exited at once.*it says why/],
    [
      "a container of somebody else's",
      () => host.shows("box", "running 9 sha256:cc\n"),
      /vxlab-c1 on this host that is not this lab's/,
    ],
  ])("refuses %s", (_, make, message) => {
    make();
    const { code, stderr } = attempt(BOX);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(host.kept()).toEqual([]);
  });

  it("goes with its ports and their flows", () => {
    apply(BOX);
    host.has(["v-c1"], []);
    host.everything();
    expect(host.guest(["remove", "container"], BOX).code).toBe(0);
    const calls = host.everything().map((call) => call.join(" "));
    const gone = calls.findIndex((call) => /^ovs-ofctl del-flows vxbr cookie=0x5ec0\w{12}\/-1$/.test(call));
    expect(gone).toBeGreaterThan(calls.indexOf("ovs-vsctl --if-exists del-port v-c1"));
    expect(isThere("state/docker/lab-c1")).toBe(false);
  });

  it("is not taken for removed when Docker cannot be asked", () => {
    apply(BOX);
    host.shows("mute", "");
    const { code, stderr } = host.guest(["remove", "container"], BOX);
    expect([code, stderr]).toEqual([1, "vxlab: docker inspect vxlab-c1 failed: no answer\n"]);
    expect(host.kept()).toEqual(["container-00c0ffee-lab-c1.json"]);
  });

  it("goes with its image, unless that was there before or somebody else has it", () => {
    host.keeps("bridge", BRIDGE);
    apply(BOX);
    host.shows("users", "0123\n");
    expect(removed()).toEqual(["stop", "rm"]);
    expect(isThere("images/app_latest")).toBe(true);
    // The other one goes too: this one's removal is the last.
    host.forgets("users");
    apply({ ...BOX, archive: undefined, image: "app:latest" });
    expect(removed()).toEqual(["stop", "rm", "image rm"]);
    expect(isThere("images/app_latest")).toBe(false);
    host.shows("images/theirs_1", "sha256:dd\n");
    apply({ ...BOX, archive: undefined, image: "theirs:1" });
    expect(removed()).toEqual(["stop", "rm"]);
    expect(isThere("images/theirs_1")).toBe(true);
    expect(host.kept()).toEqual(["bridge-00c0ffee-lab-kvm1-vxbr.json"]);
    expect(isThere("state/docker/00c0ffee-lab-c1")).toBe(false);
  });

  it("stays as it is when its archive's image comes by name, and then goes under both names", () => {
    host.keeps("bridge", BRIDGE);
    apply(BOX);
    host.shows("registry", "sha256:aa\n");
    const named = { ...BOX, archive: undefined, image: "reg:5000/app:1" };
    expect(deeds(apply(named))).toEqual(["pull"]);
    expect(removed()).toEqual(["stop", "rm", "image rm"]);
    expect(isThere("images/app_latest") || isThere("images/reg_5000_app_1")).toBe(false);
    // What somebody else had already is not ours to take.
    host.shows("images/theirs_1", "sha256:aa\n");
    apply(named);
    expect(removed()).toEqual(["stop", "rm"]);
    expect(isThere("images/theirs_1")).toBe(true);
  });

  it("takes the place of LXC's container of the same name, whose step has nothing left to remove", () => {
    const lxc = { ...BOX, kind: "lxc", env: undefined };
    host.shows("state/containers/c1/rootfs/etc/hostname", "");
    host.shows("net/v-c1/mtu", "1450\n");
    apply(lxc);
    host.shows("state/images/00c0ffee-lab-c1.tar", "the archive");
    const calls = apply(BOX);
    expect(calls.findIndex((call) => call.startsWith("lxc-stop"))).toBeLessThan(
      calls.findIndex((call) => call.startsWith("docker create")),
    );
    host.everything();
    expect(host.guest(["remove", "container"], lxc).code).toBe(0);
    expect(host.everything()).toEqual([]);
    expect(host.kept()).toEqual(["container-00c0ffee-lab-c1.json"]);
  });
});

function removed(): string[] {
  host.everything();
  expect(host.guest(["remove", "container"], BOX).code).toBe(0);
  return deeds(host.everything().map((call) => call.join(" ")));
}
