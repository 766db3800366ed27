/**
 * What impairments do to packets, measured on two real machines: delay and jitter, loss, rate, duplicates and reordering, between hosts and
 * at a container, one way and both, for one segment; each measured without them first, which is the control, then edited in place, after a
 * reboot, and once they are gone. Meanwhile two VTEPs that no stack knows are silent for ten minutes.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capture } from "../lib/capture";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { RemoteVtep } from "../lib/remote-vtep";
import { redChecks, verdicts, within } from "../lib/wait";

const KVM = { kvm1: { address: "192.168.10.156" }, kvm2: { address: "192.168.10.222" } };
const VTEPS = Object.values(KVM).map(({ address }) => address);
/** Longer than both a kernel's and Open vSwitch's memory of a MAC, ms. */
const SILENCE = 600_000;

/** Their VTEPs, the segments, and the containers' addresses there. */
const FAR = {
  red: { vtep: "192.168.10.77", vni: 100, inside: "10.0.3.200" },
  gold: { vtep: "192.168.10.78", vni: 200, inside: "10.0.4.200" },
} as const;

const segment = (vni: number, vlan: number, n: number, more: object = {}) => ({
  ...{ vni, vlan, subnet: `10.0.${n}.0/24` },
  ...more,
});
const SEGMENTS = {
  red: { vni: 100, subnet: "10.0.3.0/24", remotes: [FAR.red.vtep] },
  gold: segment(200, 20, 4, { remotes: [FAR.gold.vtep] }),
  ...{ jade: segment(300, 30, 5), lime: segment(400, 40, 6), teal: segment(500, 50, 7) },
  ...{ rust: segment(600, 60, 8), white: { vni: 700, vlan: 70, subnet6: "fd00:9::/64" } },
};
const box = (host: string, name: string, address: string) => ({ host, segment: name, address });
const page = "mkdir -p /www; echo page >/www/index.html; exec busybox httpd -f -p 80 -h /www";
const CONTAINERS = {
  ...{ c1: box("kvm1", "red", "10.0.3.10/24"), c2: box("kvm2", "red", "10.0.3.11/24") },
  ...{ g1: box("kvm1", "gold", "10.0.4.10/24"), g2: box("kvm2", "gold", "10.0.4.11/24") },
  j1: box("kvm1", "jade", "10.0.5.10/24"),
  j2: { ...box("kvm2", "jade", "10.0.5.11/24"), routes: [{ to: "198.51.100.0/24", via: "10.0.5.10" }] },
  ...{ l1: box("kvm1", "lime", "10.0.6.10/24"), l2: box("kvm2", "lime", "10.0.6.11/24") },
  ...{ t1: box("kvm1", "teal", "10.0.7.10/24"), t2: box("kvm2", "teal", "10.0.7.11/24") },
  ...{ r1: box("kvm1", "rust", "10.0.8.10/24"), r2: box("kvm1", "rust", "10.0.8.11/24") },
  ...{ d1: box("kvm1", "rust", "10.0.8.12/24"), d2: box("kvm1", "rust", "10.0.8.13/24") },
  ...{ w1: { host: "kvm1", segment: "white" }, w2: { host: "kvm2", segment: "white" } },
  web: { host: "kvm2", segment: "rust", address: "10.0.8.20/24", command: ["/bin/sh", "-c", page] },
  tr: {
    ...{ host: "kvm2", trunk: ["jade", "lime"] },
    addresses: { jade: "10.0.5.77/24", lime: "10.0.6.88/24" },
  },
};
const CHECKS = {
  web: { from: "r1", to: "web", kind: "http", port: 80, path: "/index.html" },
  lost: { from: "r1", to: "web", kind: "http", port: 80, path: "/nothing", reach: false },
  six: { from: "w1", to: "w2" },
  trunk: { from: "l1", to: "10.0.6.88" },
};

const ALL = {
  // Both ways, for every segment that has none of its own.
  wide: { between: ["kvm1", "kvm2"], delay: "100ms", jitter: "80ms" },
  lossy: { between: ["kvm1", "kvm2"], segment: "lime", direction: "out", loss: "30%" },
  early: {
    between: ["kvm1", "kvm2"],
    segment: "teal",
    direction: "in",
    ...{ delay: "200ms", reorder: "30%" },
  },
  slow: { container: "r1", direction: "out", rate: "1mbit" },
  twice: { container: "d2", direction: "in", duplicate: "40%" },
};

/** Checks of what they do beside delay and loss, in segments that need not be silent. */
const EFFECTS = ["effect/early", "effect/slow", "effect/twice"];

let project: Project;
let guests: Guests;

const configure = (more: object): void =>
  project.configure({ hosts: KVM, segments: SEGMENTS, containers: CONTAINERS, checks: CHECKS, ...more });

async function up(more: object): Promise<string[]> {
  configure(more);
  const done = await change(project, ["up"], { timeout: 900 });
  good(done);
  return done.steps.filter((step) => step.endsWith("-step") && !step.includes("-check-"));
}

const plain = (name: keyof typeof CONTAINERS): string => {
  const found = guests.lab.containers.find((one) => one.name === name);
  return found?.interfaces[0]?.addresses[0]?.split("/")[0] ?? "";
};

const answers = (from: string, to: keyof typeof CONTAINERS) =>
  within(240, `${to} answers`, async () => (await guests.ping(from, `-c 1 -W 3 ${plain(to)}`)).code === 0);

interface Trips {
  sent: number;
  received: number;
  duplicates: number;
  /** Milliseconds. */
  times: number[];
  least: number;
  mean: number;
  /** Standard deviation. */
  spread: number;
}

async function trips(from: string, to: string, count: number, interval: number): Promise<Trips> {
  const { stdout } = await guests.ping(from, `-c ${count} -i ${interval} -W 3 ${to}`);
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? 0);
  const once = stdout.split("\n").filter((line) => !line.includes("DUP!"));
  const times = once.flatMap((line) => {
    const [, ms] = / time=([\d.]+) ms/.exec(line) ?? [];
    return ms === undefined ? [] : [Number(ms)];
  });
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  return {
    sent: number(/(\d+) packets transmitted/),
    received: number(/(\d+) received/),
    duplicates: number(/\+(\d+) duplicates/),
    ...{ times, mean, least: Math.min(...times) },
    spread: Math.sqrt(times.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / times.length),
  };
}

/** Numbers of the echo requests that a container gets while another sends so many, in the order in which they come. */
async function arriving(
  from: string,
  to: "l2" | "t1",
  count: number,
): Promise<{ order: number[]; trip: Trips }> {
  const ear = await capture(
    guests,
    guests.hostOf(to),
    guests.inside(to, "tcpdump -i eth0 -nn -l icmp[icmptype] = icmp-echo"),
  );
  const trip = await trips(from, plain(to), count, 0.05);
  const order = [...(await ear()).matchAll(/ seq (\d+),/g)].map(([, seq]) => Number(seq));
  return { order, trip };
}
/** How many came after one that was sent later. */
const overtaken = (order: readonly number[]): number =>
  order.filter((seq, index) => order.slice(0, index).some((earlier) => earlier > seq)).length;

/** Mbit/s by TCP from one container to the other, and the other way. */
async function rates(from: string, to: "r2"): Promise<[number, number]> {
  const rate = async (more: string) => {
    await guests.tell(
      guests.hostOf(to),
      `${guests.inside(to, "iperf3 -s -1 -D")} >/dev/null 2>&1 </dev/null; sleep 1`,
    );
    const said = await guests.tell(
      guests.hostOf(from),
      guests.inside(from, `iperf3 -c ${plain(to)} -t 6 -J ${more}`),
    );
    const { end } = JSON.parse(said) as { end: { sum_received: { bits_per_second: number } } };
    return end.sum_received.bits_per_second / 1e6;
  };
  return [await rate(""), await rate("-R")];
}

/** Five standard deviations of a share of so many (the binomial distribution). */
const about = (count: number, share: number): [number, number] => {
  const slack = 5 * Math.sqrt(count * share * (1 - share));
  return [count * share - slack, count * share + slack];
};
function expectWithin(value: number, [low, high]: readonly [number, number], what: string): void {
  console.log(`${what}: ${value.toFixed(2)}, expected ${low.toFixed(2)} to ${high.toFixed(2)}`);
  expect(value, what).toBeGreaterThanOrEqual(low);
  expect(value, what).toBeLessThanOrEqual(high);
}

/** Packets arrive once, in order, and faster than through any of the impairments; at most two of a hundred are lost. */
async function unimpaired(): Promise<void> {
  const jade = await trips("j1", plain("j2"), 40, 0.1);
  expectWithin(jade.mean, [0, 100], "mean round trip, ms");
  expectWithin(jade.spread, [0, 35], "its standard deviation, ms");
  const lime = await arriving("l1", "l2", 100);
  expectWithin(lime.order.length, [98, 100], "requests of 100 that arrive");
  const teal = await arriving("t2", "t1", 100);
  expect(overtaken(teal.order)).toBe(0);
  expect((await trips("d1", plain("d2"), 50, 0.05)).duplicates).toBe(0);
  const [there, back] = await rates("r1", "r2");
  expectWithin(there, [2, Infinity], "Mbit/s there");
  expectWithin(back, [2, Infinity], "Mbit/s back");
}

/** As it is declared (ALL), and the other way not at all. */
async function measured(): Promise<void> {
  // Each way 100 ms and up to 80 more or less, evenly: 80 / sqrt(3) each, and sqrt(2) times that for both.
  const jade = await trips("j1", plain("j2"), 80, 0.15);
  expectWithin(jade.mean, [165, 300], "delay both ways: mean, ms");
  expectWithin(jade.least, [40, 160], "jitter: the least, ms");
  expectWithin(jade.spread, [40, 110], "jitter: standard deviation, ms");
  const lime = await arriving("l1", "l2", 200);
  expectWithin(lime.order.length, about(200, 0.7), "loss of 30% one way: requests of 200 that arrive");
  expectWithin(lime.order.length - lime.trip.received, [0, 3], "loss the other way");
  const teal = await arriving("t2", "t1", 200);
  expectWithin(overtaken(teal.order), [60, 160], "reorder: requests of 200 that were overtaken");
  const early = teal.trip.times.filter((ms) => ms < 200).length;
  expectWithin(early, about(200, 0.3), "reorder: answers of 200 that are not delayed");
  const doubled = await trips("d1", plain("d2"), 100, 0.05);
  expectWithin(doubled.duplicates, about(100, 0.4), "duplicate: of 100");
  expect(doubled.received).toBeGreaterThanOrEqual(99);
  // The other way, what the container sends, has none: answers that came twice would be doubled again.
  const [there, back] = await rates("r1", "r2");
  expectWithin(there, [0.6, 1.1], "rate of 1 Mbit/s: Mbit/s there");
  expectWithin(back, [2, Infinity], "rate: Mbit/s back");
}

const remotes: Record<string, RemoteVtep> = {};
let silentSince = 0;
const known = (host: string) => guests.tell(host, "ovs-appctl fdb/show vxbr");

beforeAll(async () => {
  project = await Project.create("impairments");
  configure({});
  good(await project.vxlab(["up"], { timeout: 1800 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await Promise.all(Object.values(remotes).map((remote) => remote.remove()));
  await guests?.close();
  await project?.destroy();
});

describe("checks, a trunk's addresses, routes, a segment of IPv6 alone", () => {
  it("hold on machines: an HTTP page and one that is not there, both families, addresses as they were written", async () => {
    const checks = await verdicts(project, "check");
    expect(checks.map(({ name, ok }) => `${name} ${ok}`).sort()).toEqual(
      Object.keys(CHECKS)
        .map((name) => `check/${name} true`)
        .sort(),
    );
    const inside = await guests.tell("kvm2", guests.inside("tr", "ip -o -4 address"));
    expect(inside).toMatch(/eth0\.30 +inet 10\.0\.5\.77\/24 [^]*eth0\.40 +inet 10\.0\.6\.88\/24 /);
    expect(await guests.tell("kvm1", guests.inside("w1", "ip -o -4 address show dev eth0"))).toBe("");
  });

  it("send what a route leads to its next hop", async () => {
    const ear = await capture(guests, "kvm1", guests.inside("j1", "tcpdump -i eth0 -nn -l dst 198.51.100.7"));
    await guests.ping("j2", "-c 3 -i 0.3 -W 1 198.51.100.7");
    expect((await ear()).match(/10\.0\.5\.11 > 198\.51\.100\.7: ICMP echo request/g)).toHaveLength(3);
    expect((await guests.ping("t2", "-c 1 -W 1 198.51.100.7")).stderr).toContain("unreachable");
  });
});

describe("VTEPs that no stack has", () => {
  it("are reached with full packets both ways, and fall silent", async () => {
    for (const [name, { inside, ...one }] of Object.entries(FAR))
      remotes[name] = await RemoteVtep.create(project, {
        ...{ ...one, name, inside: `${inside}/24`, hosts: VTEPS },
      });
    for (const [from, to] of [
      ["c1", FAR.red.inside],
      ["c2", FAR.red.inside],
      ["g1", FAR.gold.inside],
      ["g2", FAR.gold.inside],
    ] as const)
      expect((await guests.ping(from, `-c 3 -W 9 -M do -s 1422 ${to}`)).code, from).toBe(0);
    expect(await remotes["gold"]?.ping("10.0.4.10", 1422)).toBe(true);
    const mac = (await remotes["red"]?.mac()) ?? "";
    expect(mac).toMatch(/:/);
    expect(await known("kvm1")).toContain(mac);
    expect((await remotes["red"]?.learned())?.length).toBeGreaterThan(0);
    for (const remote of Object.values(remotes)) await remote.silence();
    silentSince = Date.now();
  });
});

describe("each impairment", () => {
  it("is not there before it is declared: the control", () => unimpaired());

  it("does to packets what it says, where it says, and nothing elsewhere", async () => {
    const steps = ["kvm1-lossy", "kvm1-slow", "kvm1-twice", "kvm1-wide", "kvm2-early", "kvm2-wide"];
    expect(await up({ impairments: ALL })).toEqual(steps.map((name) => `create lab-${name}-step`));
    await measured();
    // Nothing of red and gold, which are silent.
    expect(await redChecks(project, "impairment", "delay/early", ...EFFECTS)).toEqual([]);
    const made = await verdicts(project, ...EFFECTS);
    expect(made.map(({ name }) => name).sort()).toEqual(EFFECTS);
  });

  it("is measured by verify, which names what is missing: the control has queues without it", async () => {
    for (const device of ["i-twice_1", "i-slow"])
      await guests.tell("kvm1", `/usr/sbin/tc qdisc replace dev ${device} root netem duplicate 0% rate 0bit`);
    expect((await redChecks(project, ...EFFECTS)).map((line) => line.replace(/: .*; /, ": "))).toEqual([
      expect.stringMatching(
        /^effect\/slow: 30 packets at once took [\d.]+ ms; at this rate they take at least 63 ms/,
      ),
      "effect/twice: no answer came twice",
    ]);
    good(await project.vxlab(["up", "--no-verify"], { timeout: 600 }));
    expect(await redChecks(project, ...EFFECTS)).toEqual([]);
  });

  it("is edited in place, one word of each", async () => {
    const edited = {
      ...ALL,
      wide: { ...ALL.wide, delay: "20ms", jitter: "1ms" },
      lossy: { ...ALL.lossy, direction: "in" },
      early: { ...ALL.early, reorder: "90%" },
      slow: { ...ALL.slow, rate: "400kbit" },
      twice: { ...ALL.twice, duplicate: "90%" },
    };
    const { pids } = await guests.facts("kvm1");
    const steps = await up({ impairments: edited });
    expect(steps.filter((step) => !/^update lab-kvm\d-\w+-step$/.test(step))).toEqual([
      "create lab-kvm2-lossy-step",
      "delete lab-kvm1-lossy-step",
    ]);
    expect((await guests.facts("kvm1")).pids).toEqual(pids);
    const jade = await trips("j1", plain("j2"), 40, 0.1);
    expectWithin(jade.least, [37, 90], "delay of 20 ms both ways: the least, ms");
    const lime = await arriving("l1", "l2", 200);
    expectWithin(lime.order.length, [197, 200], "loss the other way: requests of 200 that arrive");
    expectWithin(lime.trip.received, about(200, 0.7), "loss the other way: answers");
    const teal = await trips("t2", plain("t1"), 100, 0.05);
    expectWithin(
      teal.times.filter((ms) => ms < 200).length,
      about(100, 0.9),
      "reorder of 90%: answers of 100 that are not delayed",
    );
    expectWithin((await trips("d1", plain("d2"), 100, 0.05)).duplicates, about(100, 0.9), "duplicate of 90%");
    const [there] = await rates("r1", "r2");
    expectWithin(there, [0.2, 0.45], "rate of 0.4 Mbit/s: Mbit/s");
    await up({ impairments: ALL });
  });
});

describe("VTEPs that no stack has, after ten minutes of silence", () => {
  it("are forgotten by the hosts, and reached again from either side, with full packets", async () => {
    await sleep(Math.max(0, silentSince + SILENCE - Date.now()));
    for (const [name, remote] of Object.entries(remotes)) {
      const mac = await remote.mac();
      for (const host of Object.keys(KVM)) expect(await known(host), `${name} on ${host}`).not.toContain(mac);
    }
    // The container speaks first, then the remote VTEP.
    expect((await guests.ping("c1", `-c 3 -W 9 -M do -s 1422 ${FAR.red.inside}`)).code).toBe(0);
    expect(await remotes["gold"]?.ping("10.0.4.11", 1422)).toBe(true);
    expect(await remotes["gold"]?.ping("10.0.4.10", 1422)).toBe(true);
    expect((await guests.ping("c2", `-c 3 -W 9 -M do -s 1422 ${FAR.red.inside}`)).code).toBe(0);
  });
});

describe("each impairment, later", () => {
  it("is there again after a container's restart and after a reboot", async () => {
    good(await project.vxlab(["restart", "d2"], { timeout: 400 }));
    await answers("d1", "d2");
    expectWithin(
      (await trips("d1", plain("d2"), 100, 0.05)).duplicates,
      about(100, 0.4),
      "restarted: duplicate",
    );
    const boot = async () => (await guests.ask("kvm1", "cat /proc/sys/kernel/random/boot_id", 15)).stdout;
    const before = await boot();
    await guests.ask("kvm1", "sync; reboot", 15);
    await guests.hangUp("kvm1");
    await within(300, "another boot", async () => ![before, ""].includes(await boot()));
    await answers("j1", "j2");
    await answers("d1", "d2");
    await answers("r1", "r2");
    await measured();
    expect(await guests.tell("kvm1", "/usr/lib/vxlab/guest drift")).toBe("");
    expect(await redChecks(project)).toEqual([]);
  });

  it("is gone with its setting: the path is as before", async () => {
    const gone = await up({});
    expect(gone.filter((step) => !step.startsWith("delete lab-"))).toEqual([]);
    for (const host of Object.keys(KVM))
      expect(
        await guests.tell(host, "/usr/sbin/tc qdisc show; ls /sys/class/net /var/lib/vxlab"),
      ).not.toMatch(/clsact|netem|^i-|impaired/m);
    await unimpaired();
  });
});

describe("VTEPs that no stack has, without their setting", () => {
  it("are not reached: the control", async () => {
    await up({ segments: { ...SEGMENTS, red: { ...SEGMENTS.red, remotes: undefined } } });
    for (const from of ["c1", "c2"])
      expect((await guests.ping(from, `-c 3 -W 2 ${FAR.red.inside}`)).code, from).toBe(1);
    expect((await guests.ping("g1", `-c 3 -W 9 ${FAR.gold.inside}`)).code).toBe(0);
    expect(await redChecks(project)).toEqual([]);
  });
});
