/** Work that goes on in a machine while something else happens. */
import { randomUUID } from "node:crypto";
import type { Guests } from "./guests";

/** What is still on its way when the pings have ended has that long, seconds. */
const SETTLE = 2;

/**
 * Comes back when tcpdump listens; what it gives ends it, a moment later, and returns what was printed.
 * @param words tcpdump, with -U or -l: what it holds back when it is ended is lost
 * @param seconds it ends by itself then, which is a fault: what happened after it was not seen
 */
export async function capture(
  guests: Guests,
  host: string,
  words: string,
  seconds = 60,
): Promise<() => Promise<string>> {
  const end = await captures(guests, host, [words], seconds);
  return async () => (await end()).join();
}

/** As `capture`, several on one host. */
export async function captures(
  guests: Guests,
  host: string,
  all: readonly string[],
  seconds = 60,
): Promise<() => Promise<string[]>> {
  const id = randomUUID();
  const files = all.map((_, index) => `/tmp/capture-${id}.${index}`);
  const each = (script: (file: string, words: string) => string) =>
    files.map((file, index) => script(file, all[index] ?? "")).join("\n");
  await guests.tell(
    host,
    `${each((file, words) => `timeout ${seconds} ${words} >${file} 2>${file}.err </dev/null & echo $! >${file}.pid`)}
    for file in ${files.join(" ")}; do
      i=0; until grep -q "listening on" $file.err || [ $i -gt 100 ]; do i=$((i + 1)); sleep 0.1; done
    done`,
  );
  return async () => {
    const said = await guests.tell(
      host,
      `set -e
      for file in ${files.join(" ")}; do grep -q "listening on" $file.err; done
      sleep ${SETTLE}
      for file in ${files.join(" ")}; do kill $(cat $file.pid); done
      for file in ${files.join(" ")}; do cat $file; echo ${id}; done`,
    );
    return said
      .split(id)
      .map((text) => text.trim())
      .slice(0, all.length);
  };
}

/** What became of pings that went on until they were ended. */
export interface PingCount {
  /** Numbers of those that had no answer. */
  lost: number[];
  /** How many had the time for one. */
  sent: number;
}

export interface PingRun {
  end(): Promise<PingCount>;
}

/** Five pings a second from a container, until they are ended. */
export async function keepPinging(guests: Guests, from: string, to: string): Promise<PingRun> {
  const host = guests.hostOf(from);
  const file = `/tmp/pings-${randomUUID()}`;
  const ping = guests.inside(from, `ping -n -i 0.2 -w 600 ${to}`);
  await guests.tell(host, `${ping} >${file} 2>&1 </dev/null & echo $! >${file}.pid`);
  return {
    async end() {
      const said = `i=0; until grep -q transmitted ${file} || [ $i -gt 50 ]; do i=$((i + 1)); sleep 0.1; done`;
      return countPings(await guests.tell(host, `kill -INT $(cat ${file}.pid); ${said}; cat ${file}`));
    },
  };
}

/** The last pings that the end may have cut off from their answers: 0.4 s of them. */
const CUT_OFF = 2;

/** Reads what ping (iputils) printed. Without its last words there is no telling how many it sent. */
export function countPings(text: string): PingCount {
  const transmitted = /^(\d+) packets transmitted/m.exec(text)?.[1];
  if (transmitted === undefined) throw new Error(`ping did not end: ${text.slice(-500)}`);
  const numbers = new Set([...text.matchAll(/icmp_seq=(\d+) ttl/g)].map(([, number]) => Number(number)));
  const sent = Math.max(0, Number(transmitted) - CUT_OFF, ...numbers);
  const all = Array.from({ length: sent }, (_, index) => index + 1);
  return { lost: all.filter((number) => !numbers.has(number)), sent };
}
