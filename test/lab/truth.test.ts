/**
 * What verify and status say of a lab in which somebody changed things by hand: each fault is made on real machines, named, and
 * healed by `up` where it is the lab's own.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { rootArchive } from "../lib/image-archive";
import { good, Project } from "../lib/project";
import { RemoteVtep } from "../lib/remote-vtep";
import { redChecks, within } from "../lib/wait";

/** Two containers, and a router between them with files and commands. @param more of the router */
function routed(more: object = {}) {
  const r = {
    host: "kvm2",
    interfaces: [{ segment: "east" }, { segment: "west" }],
    sysctls: { "net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1" },
    files: { "/etc/motd": { content: "one\n" }, "/srv/a/key": { content: "k", mode: "0600", owner: "7:8" } },
    exec: [{ command: ["sh", "-c", "cat /etc/motd >>/ran"] }],
    ...more,
  };
  const east = { host: "kvm1", segment: "east", gateway: "r", gateway6: "r" };
  return {
    r,
    e1: east,
    w1: { ...east, segment: "west", address6: "fd00:40::11/64", address: "10.0.40.11/24" },
  };
}

const SETTINGS = {
  hosts: {
    kvm1: { address: "192.168.10.156" },
    kvm2: { address: "192.168.10.222" },
  },
  segments: {
    red: { vni: 100, subnet: "10.0.3.0/24" },
    blue: {
      ...{ vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow" },
      ...{ dhcp: { host: "kvm1" }, gateway: { host: "kvm1" } },
    },
    east: { vni: 300, vlan: 30, subnet: "10.0.30.0/24", subnet6: "fd00:30::/64" },
    west: { vni: 400, vlan: 40, subnet: "10.0.40.0/24", subnet6: "fd00:40::/64" },
  },
  containers: {
    ...routed(),
    c1: { host: "kvm1", segment: "red", address: "10.0.3.10/24" },
    c2: { host: "kvm2", segment: "red", address: "10.0.3.11/24" },
    b2: { host: "kvm2", segment: "blue" },
  },
};

const DESIRED = "/var/lib/vxlab/desired";
const GUEST = "/usr/lib/vxlab/guest";

let project: Project;
let guests: Guests;

beforeAll(async () => {
  project = await Project.create("truth");
  const a1 = { host: "kvm2", segment: "blue", address: "dhcp", rootfs: rootArchive(project) };
  const command = ["/.vxlab/busybox", "sleep", "1000000"];
  const files = { "/etc/motd": { content: "archive\n" } };
  Object.assign(SETTINGS.containers, { a1: { ...a1, command, files } });
  project.configure(SETTINGS);
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

interface Found {
  ok: boolean;
  foreign: { host: string; what: string }[];
  faults: { name: string; got: string }[];
}

/** What status finds wrong, and what it calls foreign. It sends no packet, and so takes a few seconds. */
async function status(): Promise<{ faults: string[]; foreign: string[] }> {
  const { stdout } = await project.vxlab(["status", "--json"], { timeout: 120 });
  const { faults, foreign } = JSON.parse(stdout) as Found;
  return {
    faults: faults.map(({ name, got }) => `${name}: ${got}`),
    foreign: foreign.map(({ host, what }) => `${host}: ${what}`),
  };
}

/** `./vxlab up`: the steps that it runs again because of what it has found on the hosts; every check has to pass afterwards. */
async function healed(): Promise<string[]> {
  const { code, stdout, stderr } = await project.vxlab(["up"], { timeout: 600 });
  expect(code, stdout + stderr).toBe(0);
  expect(stderr).not.toContain(" applied again ");
  return [...stderr.matchAll(/updated +Command (\S+)-step /g)].map(([, step = ""]) => step).sort();
}

describe("a lab that is as planned", () => {
  it("passes every check, and says what it did not ping", async () => {
    expect(await redChecks(project)).toEqual([]);
    expect(await status()).toEqual({ faults: [], foreign: [] });
  });
});

describe("what changed by hand is named, and put right by up alone", () => {
  it("nothing, of which observe answers what was applied", async () => {
    for (const host of ["kvm1", "kvm2"])
      for (const { desired, found } of await guests.observed(host))
        expect(found).toEqual({ v: desired.v, state: desired.state });
  });

  it("flows, the gateway's rules, the DHCP server, desired state, a VLAN", async () => {
    const table = await guests.tell(
      "kvm1",
      "nft list tables | sed -n 's/^table inet \\(vxlab_.*_dservice\\)/\\1/p'",
    );
    expect(table).not.toBe("");
    await guests.tell(
      "kvm1",
      "ovs-ofctl add-flow vxbr priority=9,in_port=1,actions=drop; " +
        `ovs-ofctl add-flow bf200 priority=300,in_port=2,actions=output:1; nft delete table inet ${table}; ` +
        "kill $(cat /var/lib/vxlab/services/*/loop.pid) $(cat /var/lib/vxlab/services/*/dnsmasq.pid)",
    );
    await guests.tell(
      "kvm2",
      `ovs-ofctl del-flows bf200 in_port=2; rm ${DESIRED}/container-*-c2.json; ovs-vsctl set port v-b2 tag=0`,
    );
    const { faults } = await status();
    const [first, ...more] = [
      "drift/kvm1: bf200: flow is not in the plan: priority=300,in_port=2 actions=output:1; bridge vxbr: flow is not part of the lab: ",
      "kept/kvm2: missing for container c2",
      "drift/kvm2: bf200: flow is missing: ",
      `service/blue: gw-blue: the nft table inet ${table} is missing`,
      "gw-blue: dnsmasq does not run",
      "gw-blue: the loop that restarts dnsmasq does not run",
      "container/b2: RUNNING, port v-b2 carries untagged frames instead of VLAN 20",
    ];
    const text = faults.join("\n");
    for (const part of [first, ...more]) expect(text).toContain(part);
    expect(faults).toHaveLength(5);
    const pids = { ...(await guests.facts("kvm1")).pids, ...(await guests.facts("kvm2")).pids };
    expect(await healed()).toEqual([
      ...["lab-b2", "lab-c2"],
      ...["lab-kvm1-blue", "lab-kvm1-blue-service", "lab-kvm1-vxbr"],
      "lab-kvm2-blue",
    ]);
    expect(
      { ...(await guests.facts("kvm1")).pids, ...(await guests.facts("kvm2")).pids },
      "nothing restarts",
    ).toEqual(pids);
    expect(await status()).toEqual({ faults: [], foreign: [] });
  });

  it("a plain pulumi does not look; without a look verify finds it, and applies it again", async () => {
    await guests.tell("kvm2", `rm ${DESIRED}/port-*-red.json`);
    const { steps } = await change(project, ["preview"]);
    expect(steps).toEqual([]);
    const { stderr } = await project.vxlab(["up", "--no-drift"], { timeout: 600 });
    expect(stderr).toContain("kvm2: port of VNI 100 applied again ");
    expect(stderr).not.toContain("updated   Command");
  });
});

describe("inside a container", () => {
  const inside = (command: string) =>
    guests.tell("kvm2", `lxc-attach -P /var/lib/vxlab/containers -n r -- sh -c '${command}'`);
  const first = () => guests.tell("kvm2", "lxc-info -P /var/lib/vxlab/containers -n r -pH");
  const reaches = async (address: string) => (await guests.ping("e1", `-c 2 -W 2 ${address}`)).code === 0;

  it("files are in place with mode and owner, and the command ran once", async () => {
    expect(await inside("cat /etc/motd /srv/a/key /ran; stat -c %a:%u:%g /srv/a/key")).toBe(
      "one\nkone\n600:7:8",
    );
  });

  it("made from an archive, its files have their modes and the container's owners", async () => {
    const look = "/.vxlab/busybox stat -c %a:%u:%g /srv/owned; /.vxlab/busybox cat /srv/owned /etc/motd";
    const attach = "lxc-attach -P /var/lib/vxlab/containers -n a1 -- /bin/sh -c";
    expect(await guests.tell("kvm2", `${attach} '${look}'`)).toBe("4755:7:8\nkeptarchive");
    const there = "stat -c %u:%g /var/lib/vxlab/containers/a1/rootfs/srv/owned";
    expect(await guests.tell("kvm2", there)).toBe("100007:100008");
    expect(await guests.tell("kvm2", guests.inside("a1", "ip -o -4 address show dev eth0"))).toContain(
      "10.0.20.",
    );
  });

  it("a router leads from one segment to the other, IPv4 and IPv6", async () => {
    expect([await reaches("10.0.40.11"), await reaches("fd00:40::11")]).toEqual([true, true]);
  });

  it("what somebody changed is named, and put right by up without a restart", async () => {
    const pid = await first();
    await inside("echo bad >/etc/motd; rm /srv/a/key");
    await guests.tell("kvm2", `nsenter -t ${pid} -n sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'`);
    await guests.tell(
      "kvm1",
      "nsenter -t $(lxc-info -P /var/lib/vxlab/containers -n e1 -pH) -n /sbin/ip -6 route del ::/0",
    );
    const text = (await status()).faults.join("\n");
    for (const part of [
      "container r: file /etc/motd holds something else",
      "container r: file /srv/a/key is missing",
      "container r: kernel setting net/ipv4/ip_forward is 0 instead of 1",
      "container e1: route ::/0 is missing",
    ])
      expect(text).toContain(part);
    expect(await healed()).toEqual(["kvm1: container e1", "kvm2: container r"]);
    expect(await inside("cat /etc/motd /srv/a/key /ran")).toBe("one\nkone");
    expect(await first()).toBe(pid);
    expect([await reaches("10.0.40.11"), await reaches("fd00:40::11")]).toEqual([true, true]);
  });

  it("another file is put in place and the command runs again; a router that may forward nothing does not", async () => {
    const pid = await first();
    const interfaces = [
      { segment: "east", forwards: [] },
      { segment: "west", forwards: [] },
    ];
    const files = { "/etc/motd": { content: "two\n" } };
    project.configure({
      ...SETTINGS,
      containers: { ...SETTINGS.containers, ...routed({ files, interfaces }) },
    });
    good(await project.vxlab(["up", "--no-verify"], { timeout: 600 }));
    expect(await inside("cat /etc/motd /ran; ls /srv/a")).toBe("two\none\ntwo");
    expect(await first()).toBe(pid);
    expect([await reaches("10.0.40.11"), await reaches("fd00:40::11")]).toEqual([false, false]);
    project.configure({ ...SETTINGS, containers: { ...SETTINGS.containers, ...routed({ files }) } });
    good(await project.vxlab(["up", "--no-verify"], { timeout: 600 }));
    expect([await reaches("10.0.40.11"), await reaches("fd00:40::11")]).toEqual([true, true]);
  });

  it("routes and kernel settings come back when the container restarts by itself", async () => {
    const pid = await first();
    await guests.tell("kvm2", "lxc-stop -P /var/lib/vxlab/containers -n r -r -t 10; sleep 2", 60);
    await within(60, "r runs again", async () => (await first()) !== pid && (await first()) !== "");
    await within(60, "it forwards again", () => reaches("10.0.40.11"));
  });
});

describe("what no plan puts there", () => {
  it("is named: a container of this lab on another host, by its own; a foreign port, which is left alone", async () => {
    const state = await guests.tell("kvm1", `cat ${DESIRED}/container-*-c1.json`);
    await guests.tell("kvm2", `${GUEST} apply container`, 120, state);
    await guests.tell("kvm2", "ovs-vsctl add-port vxbr tap7 -- set interface tap7 type=internal");
    try {
      expect(await status()).toEqual({
        faults: [
          "foreign/kvm2: no plan has this here: container c1 (runs; the plan has it on kvm1); foreign, left alone: port tap7 on vxbr",
        ],
        foreign: ["kvm2: port tap7 on vxbr"],
      });
    } finally {
      await guests.tell("kvm2", `${GUEST} remove container`, 120, state);
    }
    expect(await status()).toEqual({ faults: [], foreign: ["kvm2: port tap7 on vxbr"] });
    await guests.tell("kvm2", "ovs-vsctl del-port tap7");
  });
});

describe("packets that are lost", () => {
  const cut = (rule: string) =>
    `nft 'table inet cut { chain c { type filter hook input priority 0; policy accept; ${rule} drop; }; }'`;

  it("on one way of a pair: which one is said", async () => {
    await guests.tell("kvm1", cut("ip saddr 192.168.10.222 udp dport 4789"));
    try {
      const { stdout } = await project.vxlab(["verify", "--only", "ping", "--json"], { timeout: 180 });
      const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean; got: string }[] };
      const red = checks.filter(({ name }) => /^ping\/c/.test(name));
      expect(red.map(({ name, ok, got }) => `${name} ${ok} ${got}`)).toEqual([
        "ping/c1/c2 false asked twice: no answer: requests arrive at kvm2, its answers arrive at kvm1, which drops them: " +
          "the way from kvm2 to kvm1 is cut at kvm1",
        "ping/c2/c1 false asked twice: no answer: requests arrive at kvm1, which drops them: the way from kvm2 to kvm1 is cut at kvm1",
      ]);
    } finally {
      await guests.tell("kvm1", "nft delete table inet cut");
    }
  });

  it("behind a gateway whose host has somebody else's rules: the chain is named", async () => {
    await guests.tell(
      "kvm1",
      "nft 'table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }'",
    );
    try {
      const red = await redChecks(project);
      const chain =
        "gw-blue: what it forwards is dropped by a chain of somebody else: nft list chain ip filter FORWARD";
      expect(red).toEqual([`service/blue: ${chain}`, `beyond/blue: asked twice: no answer; ${chain}`]);
    } finally {
      await guests.tell("kvm1", "nft delete table ip filter");
    }
    expect(await redChecks(project)).toEqual([]);
  });
});

describe("impairments", () => {
  const TC = "/usr/sbin/tc";
  const impaired = async (impairments: object | undefined): Promise<string[]> => {
    project.configure({ ...SETTINGS, ...(impairments === undefined ? {} : { impairments }) });
    const up = await change(project, ["up"], { timeout: 900 });
    good(up);
    return up.steps;
  };
  /** The shortest of eight round trips, ms. */
  const least = async (from: string, to: string): Promise<number> => {
    const { stdout } = await guests.ping(from, `-c 8 -i 0.3 -W 5 ${to}`);
    return Number(/ = ([\d.]+)\//.exec(stdout)?.[1] ?? Infinity);
  };
  const filters = (host: string) =>
    guests.tell(host, `${TC} filter show dev eth0 egress | grep -c edirect || :`);
  const slow = { between: ["kvm1", "kvm2"], segment: "red", direction: "out", delay: "300ms" };

  it("delay one segment one way; the other segment, and the hosts themselves, are as before", async () => {
    expect(await impaired({ slow })).toContain("create lab-kvm1-slow-step");
    // verify measures the delay as well.
    expect(await redChecks(project)).toEqual([]);
    expect(await least("c1", "10.0.3.11")).toBeGreaterThanOrEqual(299);
    expect(await least("b2", "10.0.20.1")).toBeLessThan(299);
    const underlay = await guests.tell("kvm1", "ping -n -c 8 -i 0.3 192.168.10.222");
    expect(Number(/ = ([\d.]+)\//.exec(underlay)?.[1])).toBeLessThan(299);
    expect([await filters("kvm1"), await filters("kvm2")]).toEqual(["1", "0"]);
  });

  it("are edited in place, and a container's outlives its restart", async () => {
    const far = { container: "b2", direction: "out", delay: "200ms" };
    expect(await impaired({ slow: { ...slow, delay: "100ms", loss: "100%" }, far })).toEqual(
      expect.arrayContaining(["update lab-kvm1-slow-step", "create lab-kvm2-far-step"]),
    );
    expect((await guests.ping("c1", "-c 3 -W 2 10.0.3.11")).stdout).toContain(" 0 received");
    good(await project.vxlab(["restart", "b2"], { timeout: 300 }));
    expect(await least("b2", "10.0.20.1")).toBeGreaterThanOrEqual(199);
    expect(await guests.tell("kvm2", `${GUEST} drift`)).toBe("");
  });

  it("that are taken out leave nothing behind", async () => {
    expect(await impaired(undefined)).toEqual(
      expect.arrayContaining(["delete lab-kvm1-slow-step", "delete lab-kvm2-far-step"]),
    );
    expect(await least("c1", "10.0.3.11")).toBeLessThan(199);
    for (const host of ["kvm1", "kvm2"])
      expect(await guests.tell(host, `${TC} qdisc show; ls /sys/class/net /var/lib/vxlab`)).not.toMatch(
        /clsact|netem|^i-|impaired/m,
      );
  });
});

describe("checks of the settings", () => {
  const plain = { from: "c1", to: "c2" };
  const shut = { ...plain, kind: "tcp", port: 9, reach: false };
  const fast = { ...plain, kind: "throughput", atLeast: "10kbit" };
  const apart = { from: "b2", to: "10.0.3.10", reach: false };
  const upWith = (checks: object, segments: object = {}) => {
    project.configure({ ...SETTINGS, segments: { ...SETTINGS.segments, ...segments }, checks });
    return change(project, ["up"], { timeout: 600 });
  };
  const ran = (steps: string[]) => steps.filter((step) => step.endsWith("-step")).sort();

  it("run when they are new, and then no more", async () => {
    const { steps } = await upWith({ plain, shut, fast, apart });
    expect(ran(steps)).toEqual(
      ["apart", "fast", "plain", "shut"].map((name) => `create lab-check-${name}-step`),
    );
    expect((await change(project, ["preview"])).steps).toEqual([]);
  });

  it("hold for verify, too", async () => {
    const { code, stdout } = await project.vxlab(["verify", "--only", "check"], { timeout: 180 });
    expect(code, stdout).toBe(0);
    expect(stdout).toContain("4 checks passed, 0 failed");
  });

  it("run again when what they cross changes, and those alone", async () => {
    const red = { ...SETTINGS.segments.red, udpPort: 4799 };
    const { steps } = await upWith({ plain, shut, fast, apart }, { red });
    const checks = ran(steps).filter((step) => step.includes("-check-"));
    expect(checks).toContain("update lab-check-plain-step");
    const blue = { ...SETTINGS.segments.blue, vni: 201 };
    const other = await upWith({ plain, shut, fast, apart }, { red, blue });
    // b2 has no route to red, and what is between is not known: everything is.
    expect(ran(other.steps).filter((step) => step.includes("-check-"))).toEqual([
      "update lab-check-apart-step",
    ]);
  });

  it.each([
    [
      "a port where nobody listens",
      { ...plain, kind: "tcp", port: 9, within: 2 },
      "c1 does not reach c2 (10.0.3.11) by TCP, port 9, within 2 s: connection refused",
    ],
    [
      "reached, and must not be",
      { ...plain, reach: false, within: 2 },
      "c1 reaches c2 (10.0.3.11) and must not: answered in ",
    ],
    [
      "more than the way carries",
      { ...plain, kind: "throughput", atLeast: "99gbit", within: 2 },
      "from c1 to c2 (10.0.3.11) and back: ",
    ],
  ])("fail up, in one sentence: %s", async (_, check, sentence) => {
    project.configure({ ...SETTINGS, checks: { wrong: check } });
    const { code, stderr } = await project.vxlab(["up"], { timeout: 600 });
    expect(code).toBe(1);
    expect(stderr).toContain(`vxlab: check wrong: ${sentence}`);
    // The lab is there, and its commands work.
    const verified = await project.vxlab(["verify", "--only", "check", "--only", "ssh"], { timeout: 180 });
    expect(verified.stdout).toContain("FAIL  check/wrong");
    expect(verified.stdout).toContain("2 checks passed, 1 failed");
  });
});

describe("a remote VTEP that no stack has", () => {
  it("is reached with full packets, and reaches both hosts; without its setting it does not", async () => {
    const hosts = Object.values(SETTINGS.hosts).map(({ address }) => address);
    const far = await RemoteVtep.create(project, {
      vtep: "192.168.10.77",
      vni: 100,
      inside: "10.0.3.200/24",
      hosts,
    });
    try {
      const red = { ...SETTINGS.segments.red, remotes: ["192.168.10.77"] };
      const out = { from: "c1", to: "10.0.3.200", within: 60 };
      project.configure({ ...SETTINGS, segments: { ...SETTINGS.segments, red }, checks: { out } });
      good(await change(project, ["up"], { timeout: 600 }));
      for (const from of ["c1", "c2"]) {
        expect((await guests.ping(from, "-c 3 -W 9 -M do -s 1422 10.0.3.200")).code, from).toBe(0);
        expect(
          await far.connect(
            guests.lab.containers
              .find(({ name }) => name === from)
              ?.interfaces[0]?.addresses[0]?.split("/")[0] ?? "",
          ),
        ).toBe("ECONNREFUSED");
      }
      // As after five minutes of silence.
      for (const host of ["kvm1", "kvm2"]) await guests.tell(host, "ovs-appctl fdb/flush vxbr");
      expect((await guests.ping("c1", "-c 3 -W 9 10.0.3.200")).code).toBe(0);
      project.configure(SETTINGS);
      good(await change(project, ["up"], { timeout: 600 }));
      expect((await guests.ping("c1", "-c 3 -W 2 10.0.3.200")).code, "the control").toBe(1);
    } finally {
      await far.remove();
    }
  });
});

describe("what the overlay costs", () => {
  it("is measured beside the underlay: 50 bytes, two MTUs, round trips, throughput", async () => {
    const { code, stdout, stderr } = await project.vxlab(["measure", "c1", "c2", "--json"], { timeout: 400 });
    expect(code, stdout + stderr).toBe(0);
    const found = JSON.parse(stdout) as Record<
      "underlay" | "overlay",
      { mtu: number; fits: boolean; throughput: number }
    >;
    expect(found).toMatchObject({
      ...{ segment: "red", overhead: 50 },
      underlay: { mtu: 1500, fits: true, warm: { answers: 20 } },
      overlay: { mtu: 1450, fits: true, warm: { answers: 20 } },
    });
    expect(found.underlay.throughput).toBeGreaterThan(100_000);
    expect(found.overlay.throughput).toBeGreaterThan(100_000);
  });
});
