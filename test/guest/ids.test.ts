/** guest/ids.sh: several labs on one host, and what tools kept that did not know of a second one. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readlinkSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeHost } from "./fake-host";

const [FIRST, SECOND] = ["00c0ffee", "0badcafe"];
const NIC = {
  ...{ bridge: "vxbr", veth: "v-c1", mac: "02:00:00:00:00:01", addresses: ["10.0.3.10/24"] },
  portSecurity: false,
};
/** Of the first lab, a thing of each kind. The second's steps have the same names: it is a clone. */
const THINGS = {
  bridge: { bridge: "vxbr", mac: "0a:00:00:00:00:01" },
  port: { bridge: "vxbr", vni: 100, local: "192.168.10.156", remotes: ["192.168.10.222"] },
  service: {
    ...{ bridge: "vxbr", device: "gw-red", local: "192.168.10.156", mac: "06:00:00:00:00:01" },
    addresses: ["10.0.3.1/24"],
  },
  container: { name: "c1", interfaces: [NIC] },
};
type Kind = keyof typeof THINGS;
const STEPS = {
  bridge: "lab-srv-vxbr",
  port: "lab-srv-red",
  service: "lab-srv-red-service",
  container: "lab-c1",
};

const desired = (kind: Kind, lab = FIRST, change: object = {}) => ({
  ...{ id: STEPS[kind], lab },
  ...THINGS[kind],
  ...change,
});
const kept = (kind: Kind, lab = FIRST) => `${kind}-${lab}-${STEPS[kind]}.json`;

let host: FakeHost;
const lines = () => host.everything().map((call) => call.join(" "));

/** What Open vSwitch is told to change, and what becomes of the other programs. */
const deeds = () =>
  lines().filter(
    (line) => !/ find | list |^ip -o|^lxc-info|port-to-br|br-exists|^nsenter|^docker .*inspect/.test(line),
  );

function apply(kind: Kind, lab?: string, change?: object) {
  return host.guest(["apply", kind], desired(kind, lab, change));
}

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
    for (const bridge of ["vxbr", "vxbr2", "gw-red", "gw-blue"]) {
      host.shows(`net/${bridge}/address`, "02:00:00:00:00:01\n");
      host.shows(`net/${bridge}/mtu`, "1450\n");
      host.shows(`sys/net/ipv4/conf/${bridge}/arp_ignore`, "0\n");
      host.shows(`sys/net/ipv4/conf/${bridge}/forwarding`, "0\n");
    }
    host.shows("net/v-c1/mtu", "1450\n");
    host.shows("state/containers/c1/rootfs/etc/hostname", "");
    host.shows(
      "inside",
      "2: eth0@if5: <UP> mtu 1450 qdisc noqueue\n2: eth0    inet 10.0.3.10/24 scope global eth0\n",
    );
  });

  describe("a second lab whose steps have the same names", () => {
    beforeEach(() => {
      for (const kind of Object.keys(THINGS) as Kind[]) {
        host.shows("owner", "vxbr\nvxlab=00c0ffee\n");
        expect([kind, apply(kind)]).toMatchObject([kind, { code: 0, stderr: "" }]);
      }
      lines();
    });

    const REFUSED: [string, Kind, object, RegExp][] = [
      [
        "the name of a container",
        "container",
        {},
        /c1: the name is in use .*\(id 00c0ffee\).*rename the container/,
      ],
      ["the veth of a container", "container", { name: "c2" }, /in use on this host by another lab/],
      ["a segment's interface", "service", {}, /gw-red is in use .*rename the segment/],
      ["a tunnel", "port", {}, /VNI 100 towards the same host is in use .*another vni/],
      [
        "a VNI, by flows that take in every host's packets",
        "port",
        { flooding: "flow", remotes: ["192.168.10.9"] },
        /VNI 100 is in use .*another vni/,
      ],
      [
        "a VNI, by a group",
        "port",
        { flooding: "multicast", group: "239.0.0.100", ttl: 16, remotes: [] },
        /VNI 100 is in use .*another vni/,
      ],
    ];
    it.each(REFUSED)("is refused %s, with nothing changed", (_, kind, change, said) => {
      const before = host.kept();
      const { code, stderr } = apply(kind, SECOND, { ...change, bridge: "vxbr2" });
      expect([code, stderr]).toEqual([1, expect.stringMatching(said)]);
      expect([deeds(), host.kept()]).toEqual([[], before]);
    });

    it("has what is its own beside the first's, and takes away no more than that", () => {
      const own: [Kind, object][] = [
        ["port", { vni: 200 }],
        ["service", { device: "gw-blue" }],
        ["container", { name: "d1", interfaces: [{ ...NIC, veth: "v-d1", bridge: "vxbr2" }] }],
      ];
      host.shows("net/v-d1/mtu", "1450\n");
      host.shows("state/containers/d1/rootfs/etc/hostname", "");
      for (const [kind, change] of own)
        expect([kind, apply(kind, SECOND, { bridge: "vxbr2", ...change })]).toMatchObject([
          kind,
          { code: 0 },
        ]);
      const labels = lines()
        .join("\n")
        .match(/vxlab-(port|service|container)="[^"]*"/g);
      expect(new Set(labels?.map((label) => label.replace(/.*="(.*)"/, "$1").slice(0, 8)))).toEqual(
        new Set([SECOND]),
      );
      expect(host.kept()).toHaveLength(7);
      for (const [kind, change] of own)
        expect(host.guest(["remove", kind], desired(kind, SECOND, { bridge: "vxbr2", ...change })).code).toBe(
          0,
        );
      expect(host.kept()).toEqual([kept("bridge"), kept("container"), kept("port"), kept("service")]);
      expect(lines().filter((line) => /v-c1|vx100|gw-red|-n c1/.test(line))).toEqual([]);
      expect([existsSync(host.path("tools/guest")), existsSync(host.path("state/containers/c1"))]).toEqual([
        true,
        true,
      ]);
    });

    it.each(Object.keys(THINGS) as Kind[])("that was refused a %s takes the first's not away", (kind) => {
      host.shows("owner", "vxbr\nvxlab=00c0ffee\n");
      const before = host.kept();
      expect(host.guest(["remove", kind], desired(kind, SECOND)).code).toBe(0);
      expect([deeds(), host.kept()]).toEqual([[], before]);
      expect(existsSync(host.path("state/containers/c1/rootfs"))).toBe(true);
    });

    it("may have one VNI with the first to other hosts, since a unicast tunnel takes in what its remote sends alone", () => {
      const remotes = ["192.168.10.9"];
      expect(apply("port", SECOND, { bridge: "vxbr2", remotes })).toMatchObject({ code: 0, stderr: "" });
    });

    it("leaves a device of the kernel alone that is the first's", () => {
      host.shows(
        "net/vm200/ifalias",
        `vxlab ${FIRST}-lab-srv-blue 200 239.0.0.1 eth0 192.168.10.156 16 4790\n`,
      );
      const blue = {
        vni: 200,
        flooding: "multicast",
        group: "239.0.0.200",
        ttl: 16,
        udpPort: 4790,
        remotes: [],
      };
      const { code, stderr } = apply("port", SECOND, { bridge: "vxbr2", ...blue });
      expect([code, stderr]).toEqual([1, expect.stringContaining("vm200 is not this lab's")]);
      expect(deeds().filter((line) => /vm200/.test(line))).toEqual([]);
    });
  });

  describe("what tools kept that named things by their steps alone", () => {
    const was = (kind: Kind) => `state/desired/${kind}-${STEPS[kind]}.json`;

    it("gets the lab's id: files, labels and folders, with nothing started again", () => {
      for (const kind of ["port", "container"] as const) host.shows(was(kind), JSON.stringify(desired(kind)));
      host.shows("state/begun/port-lab-srv-red", "");
      host.shows("state/containers/c1/ports", "v-c1 vxbr lab-c1 0\n");
      host.shows("ports", "vx100-c0a80ade\n");
      host.shows("net/vm100/ifalias", "vxlab lab-srv-red 100 239.0.0.100 eth0 192.168.10.156 16 4789\n");
      host.shows("net/vm7/ifalias", "vxlab lab-srv-redder 7 239.0.0.7 eth0 192.168.10.156 16 4789\n");
      expect(host.guest(["observe", "all"]).stderr).toBe("");
      const id = `${FIRST}-lab-srv-red`;
      const calls = lines();
      expect(calls).toContain(
        `ovs-vsctl set port vx100-c0a80ade external_ids:vxlab-port="${id}" ` +
          `-- set interface vx100-c0a80ade external_ids:vxlab-port="${id}"`,
      );
      expect(calls).toContain(
        `ip link set dev vm100 alias vxlab ${id} 100 239.0.0.100 eth0 192.168.10.156 16 4789`,
      );
      expect(calls.filter((call) => /add-|del-|vm7|lxc-st/.test(call))).toEqual([]);
      expect(host.kept()).toEqual([kept("container"), kept("port")]);
      expect(host.read("state/containers/c1/ports")).toBe(`v-c1 vxbr ${FIRST}-lab-c1 0\n`);
      expect(host.read("state/containers/c1/owner")).toBe(`${FIRST}-lab-c1\n`);
      expect(existsSync(host.path(`state/begun/port-${id}`))).toBe(true);
      // Once.
      host.guest(["observe", "all"]);
      expect(deeds()).toEqual([]);
    });

    it("keeps its form while Open vSwitch refuses, and gets the id at the next verb", () => {
      host.shows(was("port"), JSON.stringify(desired("port")));
      host.has([], []);
      host.shows("ports", "vx100-c0a80ade\n");
      host.refuses("no");
      expect(host.guest(["observe", "all"]).stderr).toContain("is kept in its old form until the next step");
      expect(host.kept()).toEqual([`port-${STEPS.port}.json`]);
      host.forgets("refused");
      expect(host.guest(["observe", "all"]).stderr).toBe("");
      expect(host.kept()).toEqual([kept("port")]);
    });

    it("of a container is what the next step finds: it goes on running", () => {
      apply("container");
      const before = host.read("state/containers/c1/config");
      host.shows(was("container"), host.read(`state/desired/${kept("container")}`));
      host.forgets(`state/desired/${kept("container")}`);
      host.forgets("state/level");
      host.forgets("state/containers/c1/owner");
      host.shows("state/containers/c1/ports", "v-c1 vxbr lab-c1 0\n");
      lines();
      expect(apply("container")).toMatchObject({ code: 0, stderr: "" });
      expect(lines().filter((line) => /^lxc-st(art|op)/.test(line))).toEqual([]);
      expect([host.read("state/containers/c1/config"), host.kept()]).toEqual([before, [kept("container")]]);
    });

    it("of a Docker container is found under the path that it was mounted by", () => {
      const docker = {
        kind: "docker",
        archive: createHash("sha256").update("x").digest("hex"),
        env: [],
        command: [],
      };
      host.shows(was("container"), JSON.stringify(desired("container", FIRST, docker)));
      host.shows("state/docker/lab-c1/ports", "v-c1 vxbr lab-c1 0\n");
      host.shows("state/images/lab-c1.tar", "x");
      host.shows("box", "running 275 sha256:aa lab-c1 shape\n");
      host.guest(["observe", "all"]);
      expect(readlinkSync(host.path("state/docker/lab-c1"))).toBe(`${FIRST}-lab-c1`);
      expect(host.read("state/docker/lab-c1/ports")).toBe(`v-c1 vxbr ${FIRST}-lab-c1 0\n`);
      expect(existsSync(host.path(`state/images/${FIRST}-lab-c1.tar`))).toBe(true);
    });

    it("of a DHCP server and a gateway are its leases; the new table is there before the old one goes", async () => {
      const dhcp = { first: "10.0.3.192", last: "10.0.3.254", router: null, mtu: 1400, domain: null };
      host.shows(was("service"), JSON.stringify(desired("service", FIRST, { nat: true, dhcp })));
      host.shows("sys/net/ipv4/conf/eth0/forwarding", "1\n");
      host.shows("table", "");
      host.shows("state/services/lab-srv-red-service/leases", "a lease\n");
      const to = `state/services/${FIRST}-lab-srv-red-service`;
      // What seems to be dnsmasq, with the configuration of before, and as the loop starts it anew.
      const seems = (name: string) =>
        spawn("sh", ["-c", "sleep 30; :", `x/services/${name}/dnsmasq.conf `, ""], { stdio: "ignore" });
      const [old, fresh] = [seems("lab-srv-red-service"), seems(`${FIRST}-lab-srv-red-service`)];
      const ended = once(old, "exit");
      host.shows("state/services/lab-srv-red-service/dnsmasq.pid", `${old.pid}\n`);
      host.shows("loop.sh", `echo ${fresh.pid} >"$FAKE/${to}/dnsmasq.pid"\n`);
      expect(host.guest(["observe", "all"]).stderr).toBe("");
      await ended;
      fresh.kill();
      expect(host.read(`${to}/leases`)).toBe("a lease\n");
      expect(host.kept()).toEqual([kept("service")]);
      const told = lines().filter((line) => /^nft (-f -$|delete)/.test(line));
      expect(told).toEqual(["nft -f -", "nft delete table inet vxlab_lab_dsrv_dred_dservice"]);
    });
  });

  describe("boot", () => {
    beforeEach(() => {
      host.pauses = "0 0 0";
      host.shows("sys/net/ipv4/igmp_max_memberships", "20\n");
      expect(
        apply("port", FIRST, { flooding: "multicast", group: "239.0.0.1", ttl: 16, remotes: [] }).code,
      ).toBe(0);
      host.forgets("net");
    });

    it("tries again what failed, such as a group when the VTEP's address comes late", () => {
      host.shows("addresses", "");
      host.shows("late", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
      const { code, stderr } = host.shell('sleep() { cp "$FAKE/late" "$FAKE/addresses"; }\nmain boot');
      expect(stderr.match(/no interface of this host has the address/g)).toHaveLength(1);
      expect(code).toBe(0);
    });

    it("applies a port of unicast once more when the address is there: the guard then knows its interface", () => {
      host.forgets("state/desired/port-00c0ffee-lab-srv-red.json");
      expect(apply("port", FIRST, { flooding: "unicast" }).code).toBe(0);
      host.shows("addresses", "");
      host.shows("late", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
      host.shows("net/eth0/flags", "0x1003\n");
      const { code } = host.shell(
        'sleep() { cp "$GUARD"/port-*.3 "$FAKE/early"; cp "$FAKE/late" "$FAKE/addresses"; }\nmain boot',
      );
      const late = host.read("state/guard/port-00c0ffee-lab-srv-red.3");
      expect([code, host.read("early").split(" ")[4], late.split(" ")[4]]).toEqual([0, ":", "eth0"]);
    });

    it("gives up after the last pause, and says what failed", () => {
      host.shows("addresses", "");
      const { code, stderr } = host.guest(["boot"]);
      expect(code).toBe(1);
      expect(stderr.match(/port-00c0ffee-lab-srv-red\.json failed/g)).toHaveLength(4);
    });
  });
});
