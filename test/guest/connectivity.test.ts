/** components/connectivity/guest.sh: what is tried in a container's network, and what is said of it. */
import { beforeEach, describe, expect, it } from "vitest";
import { connectivityState, type ConnectivityWanted } from "../../components/connectivity/state";
import { ConnectivityKind } from "../../components/connectivity/spec";
import { PROTOCOL } from "../../guest/protocol";
import { FakeHost } from "./fake-host";

const BOX = { id: "lab-c1", lab: "00c0ffee", name: "c1", interfaces: [] };
const ASKED = { name: "web", from: "c1", to: "10.0.3.11", target: "c2", within: 1 };

/** Answers whatever is run in the container's network by files: said and code; what was run goes into asked. */
const INSIDE = `#!/bin/sh
shift 3
printf '%s\\n' "$*" >>"$FAKE/asked"
case "$*" in
  *" route get "*) echo "10.0.3.11 dev eth0 src 10.0.3.10" ;;
  *" link show "*) echo "2: eth0@if5: <UP> mtu 1450 qdisc noqueue" ;;
  *) cat "$FAKE/said"; exit "$(cat "$FAKE/code")" ;;
esac
`;

let host: FakeHost;

function tried(asked: Partial<ConnectivityWanted>, says: string, code = 0): string {
  host.shows("said", says);
  host.shows("code", String(code));
  const state = connectivityState({ ...ASKED, ...asked });
  const envelope = { v: PROTOCOL, id: "lab-check-web", lab: "00c0ffee", state };
  const answer = host.guest(["check"], JSON.stringify(envelope));
  if (answer.code !== 0) return answer.stderr.trim();
  const { v, seen } = JSON.parse(answer.stdout) as { v: number; seen: string };
  expect([v, answer.stderr]).toEqual([PROTOCOL, ""]);
  return seen;
}

const ANSWERED = "64 bytes from 10.0.3.11: icmp_seq=1 ttl=64 time=50.7 ms\n1 packets transmitted, 1 received";
const LOST = "6 packets transmitted, 0 received, 100% packet loss, time 2562ms";
const { Tcp, Http, Throughput } = ConnectivityKind;

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.keeps("container", BOX);
    host.runs("nsenter", INSIDE);
    host.shows("state-of", "RUNNING\n");
  });

  it.each<[string, Partial<ConnectivityWanted>, string, number, string]>([
    ["ping", {}, ANSWERED, 0, "answered in 50.7 ms"],
    ["no ping", { reach: false }, LOST, 1, "no answer"],
    ["no route", { reach: false }, "ping: connect: Network is unreachable", 2, "no route"],
    ["tcp", { kind: Tcp, port: 22 }, "", 0, "accepted"],
    [
      "no tcp",
      { kind: Tcp, port: 22, reach: false },
      "nc: can't connect: Connection refused",
      1,
      "connection refused",
    ],
    ["http", { kind: Http }, "got HTTP/1.1 200 OK\r\n", 0, "HTTP/1.1 200 OK"],
    ["a redirect", { kind: Http }, "got HTTP/1.0 302 Found\n", 0, "HTTP/1.0 302 Found"],
    ["no http", { kind: Http, reach: false }, "got HTTP/1.1 404 Not Found\n", 0, "HTTP/1.1 404 Not Found"],
    [
      "a rate",
      { kind: Throughput, atLeast: "1mbit" },
      "1000 packets transmitted, 1000 received, 0% packet loss, time 1160ms",
      0,
      "10.00 Mbit/s",
    ],
  ])("%s holds", (_, asked, says, code, seen) => expect(tried(asked, says, code)).toBe(seen));

  const reach = "vxlab: check web: c1 does not reach c2 (10.0.3.11)";
  const must = "vxlab: check web: c1 reaches c2 (10.0.3.11)";
  it.each<[string, Partial<ConnectivityWanted>, string, number, string]>([
    ["no answer", {}, LOST, 1, `${reach} within 1 s: no answer`],
    ["an answer", { reach: false }, ANSWERED, 0, `${must} and must not: answered in 50.7 ms`],
    [
      "nothing at a port",
      { kind: Tcp, port: 22 },
      "nc: timed out",
      1,
      `${reach} by TCP, port 22, within 1 s: no answer`,
    ],
    [
      "a port",
      { kind: Tcp, port: 22, reach: false },
      "",
      0,
      `${must} by TCP, port 22, and must not: accepted`,
    ],
    [
      "an error page",
      { kind: Http },
      "got HTTP/1.1 503 Down",
      0,
      `${reach} by HTTP, port 80, path /, within 1 s: HTTP/1.1 503 Down`,
    ],
    [
      "another protocol",
      { kind: Http },
      "got SSH-2.0",
      0,
      `${reach} by HTTP, port 80, path /, within 1 s: an answer that is not HTTP`,
    ],
    [
      "a slow way",
      { kind: Throughput, atLeast: "11mbit" },
      "1000 packets transmitted, 1000 received, 0% packet loss, time 1160ms",
      0,
      "vxlab: check web: from c1 to c2 (10.0.3.11) and back: 10.00 Mbit/s, and at least 11 Mbit/s are wanted",
    ],
    [
      "nobody's address",
      { target: undefined },
      LOST,
      1,
      "vxlab: check web: c1 does not reach 10.0.3.11 within 1 s: no answer",
    ],
  ])("%s fails, in one sentence", (_, asked, says, code, sentence) => {
    expect(tried(asked, says, code)).toBe(sentence);
  });

  // Else a container that does not run would pass for one that is shut off.
  it.each([{}, { reach: false }])("a container that does not run fails: %j", (asked) => {
    host.forgets("state-of");
    expect(tried(asked, LOST, 1)).toBe("vxlab: check web: container c1 is ABSENT");
    host.forgets("state/desired");
    expect(tried(asked, LOST, 1)).toBe("vxlab: check web: container c1 is not on this host");
  });

  it.each([{}, { reach: false }])("a ping that cannot run fails: %j", (asked) => {
    expect(tried(asked, "ping: permission denied", 2)).toContain("ping says: ping: permission denied");
  });

  it("keeps nothing, and asks with full packets of the MTU", () => {
    const before = host.kept();
    tried(
      { kind: Throughput, atLeast: "1mbit" },
      "200 packets transmitted, 200 received, 0% packet loss, time 100ms",
    );
    expect(host.kept()).toEqual(before);
    expect(host.read("asked")).toContain("-q -f -l 16 -c 200 -w 5 -s 1422 10.0.3.11");
  });
});
