/**
 * Runs that are cut off at random moments: a signal to ./vxlab, to the engine, to one of its plugins, to a step in a guest, or to the SSH
 * connection of one. The same command again has to bring the lab to where it was to be, and nothing may be left. A seed makes the same cuts.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { engineOf, labIdOf } from "./engine";
import { Guests } from "./guests";
import { good, type Project } from "./project";
import { remains } from "./remains";
import { nameOf, stateOf } from "./state";
import { redChecks } from "./wait";

type Verb = "up" | "edit" | "down";
const VICTIMS = ["vxlab", "engine", "plugin", "step", "ssh"] as const;
const SIGNALS = ["SIGKILL", "SIGINT"] as const;

interface Cut {
  verb: Verb;
  victim: (typeof VICTIMS)[number];
  signal: (typeof SIGNALS)[number];
  /** Since the start of the command, ms. */
  after: number;
  /** The command's exit code. */
  code: number | null;
  /** How long processes of the run lived on, ms. */
  orphans: number;
  /** What is wrong after the same command was run again. */
  faults: string[];
}

/** Numbers from 0 to 1 (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Cuts {
  private readonly random: () => number;
  private guests: Guests | undefined;
  /** The lab's. A `down` that was cut off at its very end has no state any more. */
  private id: string | undefined;
  private settings: number;
  /** How long each command takes when nothing cuts it, ms. */
  private readonly takes: Record<Verb, number> = { up: 30_000, edit: 8_000, down: 5_000 };

  /** @param settings of a lab that is not deployed; an edit changes between the two */
  constructor(
    private readonly project: Project,
    private readonly host: string,
    private readonly both: readonly [object, object],
    seed: number,
  ) {
    this.random = randomOf(seed);
    this.settings = 0;
  }

  /** Makes so many cuts. Those that came too late are not counted. @param say is called after each */
  async make(count: number, say: (cut: Cut) => void = () => undefined): Promise<Cut[]> {
    const cuts: Cut[] = [];
    for (let tries = 0; cuts.length < count && tries < 3 * count; tries++) {
      const cut = await this.one();
      if (cut === undefined) continue;
      cuts.push(cut);
      say(cut);
    }
    return cuts;
  }

  private async one(): Promise<Cut | undefined> {
    const verb = this.verb();
    const victim = this.pick(VICTIMS.slice(0, verb === "edit" ? 5 : 3));
    const signal =
      victim === "plugin" || victim === "step" || victim === "ssh" ? "SIGKILL" : this.pick(SIGNALS);
    const after = Math.round(this.random() * this.takes[verb]);
    if (verb === "edit") this.settings = 1 - this.settings;
    this.project.configure(this.both[this.settings] as Record<string, unknown>);
    const started = Date.now();
    const child = this.project.start("vxlab", wordsOf(verb));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    let over = false;
    void ended.then(() => (over = true));
    await Promise.race([sleep(after), ended]);
    const hit = await this.strike(victim, signal, child.pid ?? 0, () => over);
    const at = Date.now() - started;
    const code = await ended;
    const orphans = await this.orphansOf();
    const faults = await this.again(verb);
    if (!hit) this.takes[verb] = Math.min(this.takes[verb], Date.now() - started) * 0.8;
    return hit ? { verb, victim, signal, after: at, code, orphans, faults } : undefined;
  }

  /** An edit mostly, and from time to time the lab goes and comes. */
  private verb(): Verb {
    if (this.guests === undefined) return "up";
    return this.random() < 0.2 ? "down" : "edit";
  }

  private pick<T>(some: readonly T[]): T {
    return some[Math.floor(this.random() * some.length)];
  }

  /** Waits for the victim to be there; false when the command has ended before. */
  private async strike(
    victim: Cut["victim"],
    signal: Cut["signal"],
    vxlab: number,
    over: () => boolean,
  ): Promise<boolean> {
    if (victim === "step" || victim === "ssh") return this.inGuest(victim);
    while (!over()) {
      const found = victim === "vxlab" ? [vxlab] : victim === "engine" ? this.engine() : this.plugins();
      if (found.length > 0 && killed(this.pick(found), signal)) return true;
      await sleep(20);
    }
    return false;
  }

  private engine(): number[] {
    return ["up", "destroy", "preview"].flatMap((word) => engineOf(this.project, word) ?? []);
  }

  /** Processes of a run, all but the engine. */
  private plugins(): number[] {
    const engines = this.engine();
    return this.running().filter((pid) => !engines.includes(pid));
  }

  /** What the engine has started, and itself: they all have the run's mark. */
  private running(): number[] {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids.map(Number).filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/environ`, "utf8");
        return words.includes("VXLAB_RUN=") && readlinkSync(`/proc/${pid}/cwd`).startsWith(this.project.root);
      } catch {
        return false;
      }
    });
  }

  /** Ends a step, or the engine's connection, within the host, as soon as there is one. */
  private async inGuest(victim: "step" | "ssh"): Promise<boolean> {
    const found =
      victim === "step"
        ? "grep -la 'vxlab/[g]uest' /proc/[0-9]*/cmdline"
        : "grep -la 'sshd: [r]oot' /proc/[0-9]*/cmdline | grep -v -x /proc/$PPID/cmdline";
    const script = `i=0; while [ $i -lt 100 ]; do
      for f in $(${found} 2>/dev/null); do f=\${f#/proc/}; kill -9 \${f%/cmdline} 2>/dev/null && exit 0; done
      i=$((i + 1)); sleep 0.1; done; exit 1`;
    return (await this.guests?.ask(this.host, script, 60))?.code === 0;
  }

  private async orphansOf(): Promise<number> {
    const since = Date.now();
    while (this.running().length > 0 && Date.now() - since < 60_000) await sleep(100);
    return Date.now() - since;
  }

  /** The same command once more, and what is wrong then. */
  private async again(verb: Verb): Promise<string[]> {
    this.id = labIdOf(this.project) ?? this.id;
    const { code, stdout, stderr } = await this.project.vxlab(wordsOf(verb), { timeout: 900 });
    if (code !== 0) return [`again: code ${code}: ${`${stdout}${stderr}`.slice(-1500)}`];
    if (verb === "down") {
      await this.guests?.close();
      this.guests = undefined;
      return remains(this.project, this.id === undefined ? [] : [this.id]);
    }
    this.guests ??= await Guests.of(this.project);
    const names = (await stateOf(this.project)).map(({ urn }) => nameOf(urn));
    const twice = names.filter((name, i) => names.indexOf(name) !== i);
    const machines = good(await this.project.virsh(["list", "--all", "--name"]))
      .trim()
      .split("\n");
    return [
      ...twice.map((name) => `${name} is twice in the state`),
      ...(machines.length === 1 ? [] : [`machines: ${machines.join(" ")}`]),
      ...(await redChecks(this.project)),
    ];
  }

  /** Takes the lab down. */
  async end(): Promise<void> {
    await this.guests?.close();
    good(await this.project.vxlab(["down"], { timeout: 300 }));
  }
}

const wordsOf = (verb: Verb): string[] => (verb === "down" ? ["down"] : ["up", "--no-verify"]);

function killed(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

const lab = (vni: number, more: object) => ({
  hosts: { kvm1: { address: "192.168.10.156" } },
  segments: { red: { vni, subnet: "10.0.3.0/24" } },
  containers: { c1: { host: "kvm1", address: "10.0.3.10/24" }, ...more },
});

export const ONE_HOST = lab(100, {});
export const EDITED = lab(101, { c2: { host: "kvm1", address: "10.0.3.11/24" } });

/** The test of a lab that is not deployed, which it is not in the end. */
export function cutOff(project: () => Project, count: number, seed: number): void {
  const title = `${count} times at random moments (seed ${seed}): the same command completes it, and nothing is left`;
  it(title, { timeout: count * 240_000 }, async () => {
    const cuts = new Cuts(project(), "kvm1", [ONE_HOST, EDITED], seed);
    const made = await cuts.make(count, (cut) => {
      process.stdout.write(`${cutText(cut)}\n`);
    });
    expect(made).toHaveLength(count);
    expect(made.filter(({ faults }) => faults.length > 0).map(cutText)).toEqual([]);
    expect(made.filter(({ orphans }) => orphans > orphanLimit()).map(cutText)).toEqual([]);
    await cuts.end();
  });
}

/** No process of a run may outlive it by ten seconds, on a machine that has nothing else to do. */
const orphanLimit = (): number => 10_000 * Math.max(1, (loadavg()[0] ?? 0) / cpus().length);

/** One line for each cut. */
const cutText = ({ verb, victim, signal, after, code, orphans, faults }: Cut): string =>
  `${verb} cut after ${(after / 1000).toFixed(1)} s: ${signal} to ${victim}, code ${code}, its processes gone after ` +
  `${(orphans / 1000).toFixed(1)} s${faults.length === 0 ? "" : `; then ${faults.join("; ")}`}`;
