/**
 * EVPN on three real machines: what crosses the underlay and what does not, who may lose what when a part of it fails, a container
 * that moves, and that nothing is left. Two hosts are route reflectors; controls have one, or flood by unicast.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capture, keepPinging } from "../lib/capture";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { greenWithin, redChecks, within } from "../lib/wait";

const HOSTS = {
  kvm1: { address: "192.168.10.11" },
  kvm2: { address: "192.168.10.12" },
  kvm3: { address: "192.168.10.13" },
};
const RED = { vni: 100, subnet: "10.0.3.0/24", subnet6: "fd00:3::/64", flooding: "evpn" };
const BLUE = { vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "evpn", dhcp: { host: "kvm1" } };
const red = (n: number) => ({ segment: "red", address: `10.0.3.${n}/24`, address6: `fd00:3::${n}/64` });
const CONTAINERS = {
  c1: { host: "kvm1", ...red(10) },
  c2: { host: "kvm2", ...red(11) },
  c3: { host: "kvm3", ...red(12) },
  lent: { host: "kvm3", segment: "blue", address: "dhcp" },
};

let project: Project;
let guests: Guests;

function configure(segment: object = {}, more: object = {}, boxes: object = {}): void {
  project.configure({
    hosts: HOSTS,
    segments: { red: { ...RED, ...segment }, blue: BLUE },
    containers: { ...CONTAINERS, ...boxes },
    ...more,
  });
}

/** `pulumi up` with other settings; what it did, step by step. */
async function up(segment: object = {}, more: object = {}, boxes: object = {}): Promise<string[]> {
  configure(segment, more, boxes);
  const done = await change(project, ["up"], { timeout: 900 });
  good(done);
  return done.steps;
}

const reaches = async (from: string, to: string): Promise<boolean> =>
  (await guests.ping(from, `-c 3 -i 0.3 -W 3 ${to}`)).code === 0;
const allReach = async (): Promise<boolean> =>
  (
    await Promise.all([
      reaches("c1", "10.0.3.11"),
      reaches("c2", "10.0.3.12"),
      reaches("c3", "10.0.3.10"),
      reaches("c3", "fd00:3::10"),
    ])
  ).every(Boolean);

/** Frames for all, or for a multicast group of neighbour discovery, that kvm1's underlay carries for new conversations of c1. */
async function askedByAll(): Promise<{ questions: string[]; answers: number }> {
  const forget = (name: string) =>
    guests.tell(guests.hostOf(name), guests.inside(name, "ip neigh flush all"));
  await Promise.all(["c1", "c2", "c3"].map(forget));
  const wire = await capture(
    guests,
    "kvm1",
    "tcpdump -i eth0 -nn -e -U -T vxlan udp port 4789 or udp port 4790",
  );
  await Promise.all(["c1", "c2", "c3"].map(forget));
  for (const to of ["10.0.3.11", "10.0.3.12", "fd00:3::11"]) expect(await reaches("c1", to)).toBe(true);
  const lines = (await wire()).split("\n");
  return {
    questions: lines.filter((line) =>
      /> (ff:ff:ff:ff:ff:ff|33:33:ff:\S+), .*(who-has|neighbor sol)/.test(line),
    ),
    answers: lines.filter((line) => line.includes("echo reply")).length,
  };
}

/** Pings from c2 to c3, neither of whose hosts is killed, while bgpd of kvm1 is killed; how many were lost. */
async function lostWithout(daemon: string): Promise<{ lost: number; sent: number }> {
  const pings = await keepPinging(guests, "c2", "10.0.3.12");
  await guests.tell("kvm1", `sleep 2; kill -9 $(cat /run/frr/vxlab/${daemon}.pid); sleep 12`);
  const { lost, sent } = await pings.end();
  return { lost: lost.length, sent };
}

const states = (host: string, device = "ve100") => guests.tell(host, `bridge fdb show dev ${device}`);

beforeAll(async () => {
  project = await Project.create("evpn");
  configure();
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("segments with EVPN", () => {
  it("work: every check of verify is green, a second up changes nothing, observe answers what was applied", async () => {
    await greenWithin(120, project);
    expect(await up()).toEqual([]);
    for (const host of Object.keys(HOSTS))
      for (const { desired, found } of await guests.observed(host))
        expect(found).toEqual({ v: desired.v, state: desired.state });
  });

  it("of a fourth host: a preview creates what is its own, and changes nothing of another", async () => {
    configure({}, { hosts: { ...HOSTS, kvm4: { address: "192.168.10.14" } } });
    const { steps } = await change(project, ["preview"]);
    expect(steps.filter((step) => step.startsWith("create ")).length).toBeGreaterThan(5);
    expect(steps.filter((step) => /kvm[123]|-c[123]/.test(step))).toEqual([]);
    configure();
  });

  it("ask nobody for whom the plan knows; by unicast each is asked for: the control", async () => {
    const evpn = await askedByAll();
    expect(evpn.questions).toEqual([]);
    expect(evpn.answers).toBeGreaterThanOrEqual(9);
    const before = await guests.facts("kvm1");
    await up({ flooding: "unicast" });
    expect((await askedByAll()).questions.length).toBeGreaterThanOrEqual(3);
    await up();
    expect((await guests.facts("kvm1")).pids).toEqual(before.pids);
    await within(60, "EVPN again", allReach);
  });

  it("lend addresses: the container's MAC is known everywhere, its address is learned", async () => {
    const eth0 = () => guests.tell("kvm3", guests.inside("lent", "ip -4 address show dev eth0"));
    await within(60, "a lease", async () => /inet 10\.0\.20\./.test(await eth0()));
    const [nic] = guests.lab.containers.find(({ name }) => name === "lent")?.interfaces ?? [];
    expect(await states("kvm1", "ve200")).toContain(`${nic?.mac} dst 192.168.10.13 self extern_learn`);
  });
});

describe("a route reflector whose bgpd is killed", () => {
  it("costs two other hosts no ping, and comes back", async () => {
    const { lost, sent } = await lostWithout("bgpd");
    expect(sent).toBeGreaterThan(40);
    expect(lost).toBe(0);
    await greenWithin(60, project);
  });

  it("costs pings where it is the only one: the control", async () => {
    await up({}, { evpn: { reflectors: ["kvm1"] } });
    await within(60, "one reflector", allReach);
    const { lost, sent } = await lostWithout("bgpd");
    console.log(`one reflector killed: ${lost} of ${sent} pings lost`);
    expect(lost).toBeGreaterThan(5);
    await within(60, "it is back", allReach);
    const did = await up();
    expect(did.filter((step) => step.endsWith("-step")).length).toBeGreaterThan(0);
    await greenWithin(90, project);
  });
});

describe("zebra killed", () => {
  it("converges: what it has to know is there again, and what is new arrives", async () => {
    const { lost, sent } = await lostWithout("zebra");
    console.log(`zebra of a third host killed: ${lost} of ${sent} pings lost`);
    expect(lost).toBe(0);
    await greenWithin(120, project);
    // Through the new zebra: a station that it has not heard of.
    await guests.tell("kvm3", "bridge fdb replace 02:00:00:00:00:99 dev oe100 master static");
    await within(60, "a new station", async () => (await states("kvm1")).includes("02:00:00:00:00:99"));
    await guests.tell("kvm3", "bridge fdb del 02:00:00:00:00:99 dev oe100 master");
    await within(60, "it goes", async () => !(await states("kvm1")).includes("02:00:00:00:00:99"));
  });
});

describe("a container that moves", () => {
  it("is reached on its new host by the old address, with no change of other hosts", async () => {
    const pings = await keepPinging(guests, "c2", "10.0.3.10");
    const did = await up({}, {}, { c1: { host: "kvm3", ...red(10) } });
    await within(30, "c1", () => reaches("c2", "10.0.3.10"));
    const { lost, sent } = await pings.end();
    console.log(`moved: ${lost.length} of ${sent} pings lost`);
    const touched = did.map((step) => step.split(" ")[1]);
    // The component `lab` shows its settings.
    expect(touched.filter((name) => name !== "lab" && !name?.startsWith("lab-c1"))).toEqual([]);
    await greenWithin(60, project);
    await up();
    await greenWithin(60, project);
  });
});

describe("the guard", () => {
  const connect = (host: string, to: string) => guests.ask(host, `nc -w 3 ${to} 179 </dev/null`, 20);
  const outside = async (to: string) =>
    (
      await project.run("ip", ["netns", "exec", project.namespace, "busybox", "nc", "-w", "3", to, "179"], {
        timeout: 20,
      })
    ).code;

  it("takes BGP from the lab's hosts alone, and not from containers", async () => {
    // Not of a host: the hypervisor's own address.
    expect(await outside("192.168.10.11")).not.toBe(0);
    expect((await connect("kvm3", "192.168.10.11")).code).toBe(0);
    // Only reflectors listen.
    expect((await connect("kvm1", "192.168.10.13")).code).not.toBe(0);
    const box = guests.inside("c1", "busybox nc -w 3 192.168.10.11 179 </dev/null");
    await guests.tell("kvm1", guests.inside("c1", "ip route add 192.168.10.11 via 10.0.3.254 dev eth0"));
    const own = await guests.tell("kvm1", "cat /sys/class/net/be100/address");
    await guests.tell("kvm1", guests.inside("c1", `ip neigh replace 10.0.3.254 lladdr ${own} dev eth0`));
    expect((await guests.ask("kvm1", box, 20)).code).not.toBe(0);
    await guests.tell("kvm1", "nft delete table inet vxlab_guard");
    try {
      expect(await outside("192.168.10.11")).toBe(0);
    } finally {
      await guests.tell("kvm1", "nft -f /var/lib/vxlab/guard.nft");
    }
    await guests.tell("kvm1", guests.inside("c1", "ip route del 192.168.10.11"));
    expect(await redChecks(project)).toEqual([]);
  });
});

describe("a reboot of a reflector", () => {
  it("brings everything back with nobody's help", async () => {
    const boot = () => guests.ask("kvm1", "cat /proc/sys/kernel/random/boot_id", 15);
    const { stdout: before } = await boot();
    await guests.ask("kvm1", "reboot", 15);
    await guests.hangUp("kvm1");
    await within(240, "another boot", async () => {
      const { code, stdout } = await boot();
      return code === 0 && stdout !== before;
    });
    await greenWithin(240, project);
  });
});

describe("what is taken away", () => {
  it("leaves no router, no device and no file of it", async () => {
    project.configure({
      hosts: HOSTS,
      segments: { red: { ...RED, flooding: "unicast" } },
      containers: { c1: CONTAINERS.c1, c2: CONTAINERS.c2, c3: CONTAINERS.c3 },
    });
    good(await change(project, ["up"], { timeout: 900 }));
    const look =
      "ls /sys/class/net | grep -E '^(ve|be|oe)[0-9]'; pidof zebra bgpd; ls /var/lib/vxlab | grep -x router; " +
      "ls -d /run/frr/vxlab /etc/frr/vxlab; nft list ruleset | grep 179; echo end";
    for (const host of Object.keys(HOSTS))
      expect(await guests.tell(host, `{ ${look}; } 2>/dev/null`)).toBe("end");
    expect(await redChecks(project)).toEqual([]);
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [])).toEqual([]);
  });
});
