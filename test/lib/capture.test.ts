import { describe, expect, it } from "vitest";
import { countPings } from "./capture";

const answer = (number: number) => `64 bytes from 10.0.3.11: icmp_seq=${number} ttl=64 time=3.61 ms`;
const printed = (answered: readonly number[], transmitted: number, errors: readonly string[] = []) =>
  [
    "PING 10.0.3.11 (10.0.3.11) 56(84) bytes of data.",
    ...answered.map(answer),
    ...errors,
    "",
    "--- 10.0.3.11 ping statistics ---",
    `${transmitted} packets transmitted, ${answered.length} received, 0% packet loss, time 1203ms`,
    "rtt min/avg/max/mdev = 3.610/3.610/3.610/0.000 ms",
  ].join("\n");

describe("pings that went on until they were ended", () => {
  it.each([
    ["all answered", printed([1, 2, 3, 4, 5], 5), { lost: [], sent: 5 }],
    ["the last two cut off by the end", printed([1, 2, 3, 4], 6), { lost: [], sent: 4 }],
    ["the last three without an answer", printed([1, 2, 3], 6), { lost: [4], sent: 4 }],
    ["an outage to the end", printed([1, 2], 9), { lost: [3, 4, 5, 6, 7], sent: 7 }],
    ["an outage on the way", printed([1, 2, 6, 7], 7), { lost: [3, 4, 5], sent: 7 }],
    ["answers out of order, one of them twice", printed([1, 3, 2, 2, 4], 4), { lost: [], sent: 4 }],
    ["none answered", printed([], 5), { lost: [1, 2, 3], sent: 3 }],
    ["none sent", printed([], 0), { lost: [], sent: 0 }],
    [
      "an error in an answer's place",
      printed([1, 3, 4], 4, ["From 10.0.3.10 icmp_seq=2 Destination Host Unreachable"]),
      { lost: [2], sent: 4 },
    ],
  ])("count: %s", (_, text, count) => {
    expect(countPings(text)).toEqual(count);
  });

  it("are not counted without ping's last words", () => {
    expect(() => countPings(answer(1))).toThrow("ping did not end: 64 bytes");
    expect(() => countPings("ping: connect: Network is unreachable")).toThrow("Network is unreachable");
  });
});
