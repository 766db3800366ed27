/** How long two containers do not reach each other while something on the way of theirs breaks and comes back. */
import { setTimeout as sleep } from "node:timers/promises";
import { keepPinging, type PingCount } from "./capture";
import type { Guests } from "./guests";
import { within } from "./wait";

export interface Fault {
  name: string;
  /** Who heals it. */
  healer: string;
  /** What is promised, seconds: `promised` for the median on a machine that has nothing else to do. */
  promised: number;
  /** It concerns every pair. */
  all?: boolean;
  /** Breaks it and puts it back, or leaves that to the host. @returns the seconds that it was broken on purpose */
  act: () => Promise<number>;
}

export interface Life {
  fault: Fault;
  /** Seconds without an answer, beyond those on purpose; one for each round. */
  seconds: number[];
  /** Pings that were lost between two containers that have nothing to do with it, of all rounds. */
  othersLost: number;
  othersSent: number;
}

/** The pings of test/lib/capture.ts, seconds. */
const PACE = 0.2;
/** Longest wait until it is over, seconds. */
const LIMIT = 600;

/** Pings from c1 to c2, on whose host the fault is, and from c1 to c3. */
export async function measured(guests: Guests, fault: Fault, rounds: number): Promise<Life> {
  const life: Life = { fault, seconds: [], othersLost: 0, othersSent: 0 };
  for (let round = 0; round < rounds; round++) {
    const [hit, other] = [
      await keepPinging(guests, "c1", "10.0.3.11"),
      await keepPinging(guests, "c1", "10.0.3.12"),
    ];
    await sleep(2000);
    const broken = await fault.act();
    await answeredAgain(guests);
    const [lost, aside] = [await hit.end(), await other.end()];
    life.seconds.push(Math.max(0, longest(lost) * PACE - broken));
    if (fault.all === true) continue;
    life.othersLost += aside.lost.length;
    life.othersSent += aside.sent;
  }
  return life;
}

/** Where nothing is left that could ping meanwhile: the seconds from the fault to the first answers. */
export async function timedOutside(guests: Guests, fault: Fault, rounds: number): Promise<Life> {
  const life: Life = { fault, seconds: [], othersLost: 0, othersSent: 0 };
  for (let round = 0; round < rounds; round++) {
    const started = Date.now();
    const broken = await fault.act();
    await answeredAgain(guests);
    life.seconds.push((Date.now() - started) / 1000 - broken);
  }
  return life;
}

/** Five answers in a row: flows that come back late take the first one away again. */
async function answeredAgain(guests: Guests): Promise<void> {
  const host = guests.hostOf("c1");
  const ping = guests.inside("c1", "ping -n -c 5 -i 0.2 -w 3 10.0.3.11");
  await within(LIMIT, "answers", async () => / 5 received/.test((await guests.ask(host, ping, 30)).stdout));
}

/** The most that were lost one after the other. */
function longest({ lost }: PingCount): number {
  let [most, run, last] = [0, 0, -1];
  for (const number of lost) {
    run = number === last + 1 ? run + 1 : 1;
    last = number;
    most = Math.max(most, run);
  }
  return most;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}

/** As docs/reliability.md has it. */
export function lifeTable(lives: readonly Life[]): string {
  const cells = lives.map(({ fault, seconds, othersLost, othersSent }) => [
    ...[fault.name, fault.healer, `${fault.promised} s`],
    ...[`${median(seconds).toFixed(1)} s`, `${Math.max(...seconds).toFixed(1)} s`],
    othersSent === 0 ? "–" : `${othersLost} of ${othersSent}`,
  ]);
  return markdownTable([
    ["fault", "what repairs it", "promise", "median", "worst", "others' pings lost"],
    ...cells,
  ]);
}

/** The first row is the head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...body.map(line)].join("\n");
}
