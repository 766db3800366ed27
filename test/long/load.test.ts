/**
 * A lab goes up and down again and again, and within one that stays up things come and go: nothing is left, and the last round is like the
 * first. VXLAB_ROUNDS (10) of each; UPDATE=1 writes the table of docs/reliability.md.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pathsOf } from "../../system/paths";
import { must } from "../../system/process";
import { labIdOf } from "../lib/engine";
import { Guests } from "../lib/guests";
import { grown, holdings, holdingsOf, memoryUsed, type Holdings } from "../lib/holdings";
import { markdownTable, median } from "../lib/life";
import { checkout, good, Project } from "../lib/project";
import { redChecks } from "../lib/wait";

const ROUNDS = Number(process.env["VXLAB_ROUNDS"] ?? 10);
const place = (name: string) => join(checkout, ".vxlab", "test", `load-${name}`);
/** Its own: whatever is forgotten in one of them is found. */
const OWN = { home: place("home"), cache: place("cache") };
const env = { HOME: OWN.home, VXLAB_CACHE: OWN.cache };

const HOSTS = { kvm1: { address: "192.168.10.156" }, kvm2: { address: "192.168.10.222" } };
const RED = { vni: 100, subnet: "10.0.3.0/24" };
const red = (host: string, n: number) => ({ host, segment: "red", address: `10.0.3.${n}/24` });
const lent = (host: string) => ({ host, segment: "blue", address: "dhcp" });
const BASE = {
  hosts: HOSTS,
  segments: { red: RED },
  containers: { c1: red("kvm1", 10), c2: red("kvm2", 11) },
};
/** A thing of almost every kind. */
const FULL = {
  hosts: HOSTS,
  segments: {
    red: RED,
    blue: {
      ...{ vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow" },
      ...{ dhcp: { host: "kvm1" }, gateway: { host: "kvm1" } },
    },
    green: { vni: 300, vlan: 30, subnet: "10.0.30.0/24", flooding: "multicast" },
    evpn: { vni: 400, vlan: 40, subnet: "10.0.40.0/24", flooding: "evpn" },
  },
  containers: {
    ...BASE.containers,
    ...{ l1: lent("kvm1"), l2: lent("kvm2") },
    ...{ g1: { host: "kvm1", segment: "green" }, e1: { host: "kvm2", segment: "evpn" } },
  },
  impairments: {
    slow: { between: ["kvm1", "kvm2"], delay: "5ms" },
    mine: { container: "c1", rate: "10mbit" },
  },
};

let project: Project;
/** Of every lab so far. */
const ids = new Set<string>();

beforeAll(async () => {
  Object.values(OWN).forEach((folder) => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(OWN.home, { recursive: true });
  // Hard links: it costs no room, and what is made in the copy is not in the cache.
  await must("cp", ["-al", pathsOf(checkout, process.env).cache, OWN.cache]);
  project = await Project.create("load");
});

afterAll(async () => {
  // Not after a failure: a table is whole.
  if (results.length === 2) report();
  await project?.destroy();
  Object.values(OWN).forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

async function timed(words: readonly string[]): Promise<number> {
  const started = Date.now();
  good(await project.vxlab(words, { env, timeout: 1500 }));
  return (Date.now() - started) / 1000;
}

/** What Pulumi keeps of updates, six files each: toolchain/pulumi.sh leaves ten before it starts, and a command may be several updates. */
const UPDATES = /\/state\/\.pulumi\/(history|backups)\/[^/]+\/[^/]+\/./;
const MOST_UPDATES = 6 * 13;

function remember(): void {
  ids.add(labIdOf(project) ?? expect.fail("a state without an id"));
}

/** Each lab has new ids, and the kernel numbers namespaces. */
function here(): Holdings {
  const found = holdings(project, [...ids], [project.root, ...Object.values(OWN)], UPDATES);
  const plain = (line: string) =>
    [...ids].reduce((text, id) => text.replaceAll(id, "LAB"), line).replaceAll(/:\[\d+\]/g, "");
  return { ...found, lines: found.lines.map(plain) };
}

interface Round {
  /** Of `up` and of `down`, seconds. */
  took: readonly [number, number];
  load: number;
  /** While it is up, and after `down`. */
  there: Holdings;
  left: Holdings;
}

async function round(): Promise<Round> {
  const up = await timed(["up"]);
  remember();
  const [load, there] = [loadavg()[0] ?? 0, here()];
  const down = await timed(["down"]);
  return { took: [up, down], load, there, left: here() };
}

/** The median of the first third, and of the last. */
function thirds(values: readonly number[]): [number, number] {
  const third = Math.max(1, Math.floor(values.length / 3));
  return [median(values.slice(0, third)), median(values.slice(-third))];
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const results: string[][] = [];

/** A row of the table. Whatever is left has failed the test before. */
function record(what: string, times: readonly number[], rounds: readonly { load: number }[]): void {
  const [first, last] = thirds(times);
  const load = Math.max(...rounds.map((one) => one.load));
  results.push([
    ...[what, String(rounds.length), "nothing"],
    ...[`${first.toFixed(1)} s`, `${last.toFixed(1)} s`, (last / first).toFixed(2), load.toFixed(1)],
  ]);
}

function report(): void {
  const table = markdownTable([
    ["what", "rounds", "left behind", "first rounds", "last rounds", "ratio", "load"],
    ...results,
  ]);
  say(`\n${table}`);
  if (process.env["UPDATE"] !== "1") return;
  const file = join(checkout, "docs", "reliability.md");
  const marks = /(<!-- load -->\n)[^]*(<!-- \/load -->)/;
  writeFileSync(file, readFileSync(file, "utf8").replace(marks, `$1\n${table}\n\n$2`));
}

const notFiles = ({ lines }: Holdings): string[] => lines.filter((line) => !line.startsWith("file "));
const alike = (first: number, last: number): boolean => last <= first * 1.1;

describe("a lab that goes up and down", () => {
  it(`leaves nothing more after ${ROUNDS} rounds than after one`, async () => {
    const quiet = (loadavg()[0] ?? 0) < 1;
    const rounds: Round[] = [];
    project.configure(FULL);
    while (rounds.length < ROUNDS) {
      const one = await round();
      rounds.push(one);
      say(`up ${one.took[0].toFixed(1)} s, down ${one.took[1].toFixed(1)} s, load ${one.load.toFixed(1)}`);
    }
    const [first, last] = [rounds[0], rounds.at(-1)] as [Round, Round];
    expect(notFiles(last.left), "left after down").toEqual([]);
    expect(grown(first.left.lines, last.left.lines), "left after down").toEqual([]);
    expect(last.left.bytes, sizes("left", rounds, "left", "bytes")).toBeLessThan(first.left.bytes + 2 ** 20);
    expect(last.left.apart).toBeLessThanOrEqual(MOST_UPDATES);
    expect(grown(notFiles(first.there), notFiles(last.there)).join("\n"), "while it is up").toBe("");
    expect(alike(first.there.memory, last.there.memory), sizes("memory", rounds, "there", "memory")).toBe(
      true,
    );
    const times = rounds.map(({ took: [up, down] }) => up + down);
    record("`up` and `down` of a whole lab", times, rounds);
    // Whoever else works on the machine makes a round last longer.
    if (quiet) expect(alike(...thirds(times)), times.join(" ")).toBe(true);
  });
});

const sizes = (what: string, rounds: readonly Round[], when: "there" | "left", of: "bytes" | "memory") =>
  `${what}: ${rounds.map((one) => (one[when][of] / 2 ** 20).toFixed(0)).join(" ")} MiB`;

describe("a lab that stays up", () => {
  it(`has what it had after things came and went ${ROUNDS} times`, async () => {
    project.configure(BASE);
    await timed(["up", "--no-verify"]);
    remember();
    const guests = await Guests.of(project);
    const rounds: Visit[] = [];
    while (rounds.length < ROUNDS) {
      const one = await visit(guests);
      rounds.push(one);
      say(`there and back ${one.took.toFixed(1)} s, load ${one.load.toFixed(1)}`);
    }
    await guests.close();
    const [first, last] = [rounds[0], rounds.at(-1)] as [Visit, Visit];
    expect(grown(first.here.lines, last.here.lines), "here").toEqual([]);
    for (const host of Object.keys(HOSTS) as Host[]) {
      expect(grown(first.held[host], last.held[host]), host).toEqual([]);
      const used = rounds.map(({ memory }) => memory[host] / 2 ** 20);
      expect(
        alike(...thirds(used)),
        `memory of ${host}: ${used.map((one) => one.toFixed(1)).join(" ")} MiB`,
      ).toBe(true);
    }
    expect(await redChecks(project)).toEqual([]);
    record(
      "containers, segments and impairments that come and go",
      rounds.map(({ took }) => took),
      rounds,
    );
  });
});

type Host = keyof typeof HOSTS;

interface Visit {
  took: number;
  load: number;
  /** On this machine. */
  here: Holdings;
  held: Record<Host, string[]>;
  memory: Record<Host, number>;
}

/** What looks at a lab and changes nothing. */
const LOOKS = [["verify"], ["drift"], ["status"], ["preview"], ["exec", "c1", "--", "true"]];

/** Everything comes, is looked at, and goes again. */
async function visit(guests: Guests): Promise<Visit> {
  project.configure(FULL);
  const there = await timed(["up", "--no-verify"]);
  for (const words of LOOKS) await timed(words);
  project.configure(BASE);
  const back = await timed(["up", "--no-verify"]);
  const load = loadavg()[0] ?? 0;
  const of = async <T>(ask: (guests: Guests, host: string) => Promise<T>) => ({
    kvm1: await ask(guests, "kvm1"),
    kvm2: await ask(guests, "kvm2"),
  });
  const [memory, held] = [await of(memoryUsed), await of(holdingsOf)];
  await guests.hangUp("kvm1");
  await guests.hangUp("kvm2");
  return { took: there + back, load, here: here(), memory, held };
}
