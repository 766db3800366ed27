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
  const file = `/tmp/capture-${randomUUID()}`;
  await guests.tell(
    host,
    `timeout ${seconds} ${words} >${file} 2>${file}.err </dev/null & echo $! >${file}.pid
    i=0; until grep -q "listening on" ${file}.err || [ $i -gt 100 ]; do i=$((i + 1)); sleep 0.1; done`,
  );
  return () =>
    guests.tell(
      host,
      `grep -q "listening on" ${file}.err && sleep ${SETTLE} && kill $(cat ${file}.pid) && cat ${file}`,
    );
}

export interface PingRun {
  /** Ends the pings; the numbers of those that had no answer, and how many were sent up to the last answer. */
  end(): Promise<{ lost: number[]; sent: number }>;
}

/** Five pings a second from a container, until they are ended. */
export async function keepPinging(guests: Guests, from: string, to: string): Promise<PingRun> {
  const host = guests.hostOf(from);
  const file = `/tmp/pings-${randomUUID()}`;
  const ping = guests.inside(from, `ping -n -i 0.2 -w 600 ${to}`);
  await guests.tell(host, `${ping} >${file} 2>&1 </dev/null & echo $! >${file}.pid`);
  return {
    async end() {
      const text = await guests.tell(host, `kill -INT $(cat ${file}.pid); sleep 1; cat ${file}`);
      const numbers = [...text.matchAll(/icmp_seq=(\d+) ttl/g)].map(([, number]) => Number(number));
      // What was sent after the last answer was cut off by the end, not lost.
      const sent = Math.max(0, ...numbers);
      const all = Array.from({ length: sent }, (_, index) => index + 1);
      return { lost: all.filter((number) => !numbers.includes(number)), sent };
    },
  };
}
