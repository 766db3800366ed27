/** Work that goes on in a machine while something else happens. */
import type { Guests } from "./guests";

/** Comes back when tcpdump listens; what it gives waits for the end of the time and returns what was printed. */
export async function capture(
  guests: Guests,
  host: string,
  words: string,
  seconds: number,
): Promise<() => Promise<string>> {
  const file = `/tmp/capture-${Date.now()}`;
  await guests.tell(
    host,
    `timeout ${seconds} ${words} >${file} 2>${file}.err </dev/null &
    i=0; until grep -q "listening on" ${file}.err || [ $i -gt 100 ]; do i=$((i + 1)); sleep 0.1; done`,
  );
  const end = Date.now() + seconds * 1000;
  return () => {
    const rest = Math.max(0, Math.ceil((end - Date.now()) / 1000)) + 1;
    return guests.tell(host, `sleep ${rest}; grep -q "listening on" ${file}.err && cat ${file}`);
  };
}

export interface PingRun {
  /** Ends the pings; the numbers of those that had no answer, and how many were sent up to the last answer. */
  end(): Promise<{ lost: number[]; sent: number }>;
}

/** Five pings a second from a container, until they are ended. */
export async function keepPinging(guests: Guests, from: string, to: string): Promise<PingRun> {
  const host = guests.hostOf(from);
  const file = `/tmp/pings-${Date.now()}`;
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
