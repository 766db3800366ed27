/** What happens to packets, read: `50ms`, `1%`, `10mbit`. */
import type { Problem } from "../../plan/problem";
import type { Reading } from "../../plan/read-address";
import type { ImpairmentEffects } from "./spec";

/** In the units of the guest tools; 0 is none. */
export interface Netem {
  /** Microseconds. */
  delay: number;
  jitter: number;
  /** Parts per million. */
  loss: number;
  duplicate: number;
  reorder: number;
  corrupt: number;
  /** Bits a second. */
  rate: number;
}

const NONE: Netem = { delay: 0, jitter: 0, loss: 0, duplicate: 0, reorder: 0, corrupt: 0, rate: 0 };

/** A share of 100 %, in parts per million: every packet. */
export const EVERY = 1_000_000;

const TIMES: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000 };
const MAX_DELAY = 10_000_000;

/** Decimal, as those of tc and of network cards. */
const RATES: Readonly<Record<string, number>> = { bit: 1, kbit: 1000, mbit: 1_000_000, gbit: 1_000_000_000 };
const MIN_RATE = 1000;
const MAX_RATE = 100_000_000_000;

type Read = (got: unknown) => Reading<number>;

/** A number and a unit, with or without a space between. Never a bare number, because 50 could be ms or s. */
function measured(got: unknown): { number: number; unit: string } | undefined {
  const parts =
    typeof got === "string" ? /^(\d{1,15}(?:\.\d{1,9})?) ?([A-Za-zµ%/]+)$/.exec(got.trim()) : null;
  return parts === null ? undefined : { number: Number(parts[1]), unit: String(parts[2]).toLowerCase() };
}

function readTime(got: unknown): Reading<number> {
  const { number = 0, unit = "" } = measured(got) ?? {};
  const scale = TIMES[unit === "µs" ? "us" : unit];
  if (scale === undefined) return { fault: "Is not a time with its unit (us, ms or s)." };
  const value = Math.round(number * scale);
  if (value < 1) return { fault: "Is less than 1us, the smallest delay." };
  return value > MAX_DELAY ? { fault: "Is more than 10s: ARP gives up long before." } : { value };
}

function readShare(got: unknown): Reading<number> {
  const { number = 0, unit = "" } = measured(got) ?? {};
  if (unit !== "%") return { fault: "Is not a percentage." };
  if (number > 100) return { fault: "Is more than 100%." };
  // The kernel's own steps are finer (2^-32), but tc prints them rounded.
  const value = Math.round(number * 10_000);
  return value < 1 ? { fault: "Is less than 0.0001%, the smallest share." } : { value };
}

function readRate(got: unknown): Reading<number> {
  const { number = 0, unit = "" } = measured(got) ?? {};
  if (/^[kmg]?bps$/.test(unit)) return { fault: "Is ambiguous: tc takes bps for bytes a second." };
  const scale = RATES[unit.replace(/\/s$/, "")];
  if (scale === undefined) return { fault: "Is not a rate with its unit (kbit, mbit or gbit)." };
  const value = Math.round(number * scale);
  const outside = value < MIN_RATE || value > MAX_RATE;
  return outside ? { fault: "Is outside the range 1kbit to 100gbit." } : { value };
}

const READERS: Readonly<Record<keyof Netem, { read: Read; cure: string }>> = {
  delay: { read: readTime, cure: "Write a time such as 50ms, 250us or 1.5s, or leave it out." },
  jitter: { read: readTime, cure: "Write a time such as 5ms, or leave it out." },
  loss: { read: readShare, cure: "Write a percentage such as 1%, or leave it out." },
  duplicate: { read: readShare, cure: "Write a percentage such as 1%, or leave it out." },
  reorder: { read: readShare, cure: "Write a percentage such as 25%, or leave it out." },
  corrupt: { read: readShare, cure: "Write a percentage such as 0.1%, or leave it out." },
  rate: { read: readRate, cure: "Write a rate such as 10mbit or 1.5gbit, or leave it out." },
};

export const EFFECT_KEYS = Object.keys(READERS) as readonly (keyof Netem)[];

/** @param at path of one of the settings */
export function readEffects(
  effects: ImpairmentEffects,
  at: (key: string) => string,
): { netem: Netem; problems: Problem[] } {
  const problems: Problem[] = [];
  const given = EFFECT_KEYS.filter((key) => effects[key] !== undefined);
  const values = given.flatMap((key): [string, number][] => {
    const { read, cure } = READERS[key];
    const { value, fault } = read(effects[key]);
    if (fault === undefined) return [[key, value]];
    problems.push({ path: at(key), got: effects[key], message: fault, cure });
    return [];
  });
  const netem = { ...NONE, ...Object.fromEntries(values) };
  return { netem, problems: problems.length > 0 ? problems : togetherFaults(effects, netem, at) };
}

function togetherFaults(
  effects: ImpairmentEffects,
  { delay, jitter }: Netem,
  at: (key: string) => string,
): Problem[] {
  const why = { jitter: "it varies the delay", reorder: "a packet overtakes those that are delayed" };
  const needsDelay = (["jitter", "reorder"] as const)
    .filter((key) => effects[key] !== undefined && delay === 0)
    .map((key) => ({
      path: at(key),
      got: effects[key],
      message: `Has no effect without delay: ${why[key]}.`,
      cure: "Add a delay such as 50ms, or leave it out.",
    }));
  if (needsDelay.length > 0 || jitter <= delay) return needsDelay;
  const message = `Is more than the delay of ${effects.delay}: no packet arrives before it is sent.`;
  return [
    { path: at("jitter"), got: effects.jitter, message, cure: "Write a smaller jitter, or a larger delay." },
  ];
}

/** Bits of the largest packet. */
const PACKET = 1500 * 8;
/** As tc's own. */
const FEWEST = 1000;
/** The rate that the queue's size is computed for when no rate is set: 10 Gbit/s. */
const FAST = 10_000_000_000;
/** The buffer of a path with a rate, as of a router, in addition to the packets that are delayed, microseconds. */
const BUFFER = 200_000;
const SHORTEST = 32;

/** How many packets may wait. netem drops further ones, so it must be large enough not to limit the throughput. */
export function queueLimit({ delay, jitter, rate }: Pick<Netem, "delay" | "jitter" | "rate">): number {
  const held = (bits: number, microseconds: number) => Math.ceil((bits * microseconds) / 1_000_000 / PACKET);
  if (rate === 0) return Math.max(FEWEST, held(FAST, delay + jitter));
  return Math.max(SHORTEST, held(rate, delay + jitter + BUFFER));
}
