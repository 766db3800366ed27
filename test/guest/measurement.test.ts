/** components/measurement/guest.sh: what is sent to measure what an overlay costs, and what is made of the answers. */
import { beforeEach, describe, expect, it } from "vitest";
import type { MeasurementAnswer, MeasurementState } from "../../components/measurement/state";
import { PROTOCOL } from "../../guest/protocol";
import { FakeHost } from "./fake-host";

const BOX = { id: "lab-c1", lab: "00c0ffee", name: "c1", interfaces: [] };
const ASKED: MeasurementState = {
  name: "cost",
  from: "c1",
  to: "10.0.3.11",
  beside: "192.168.10.222",
  again: [],
};

/** Answers what is run in a network by files: of the overlay, or of the underlay, by the address that is asked. */
const INSIDE = `#!/bin/sh
shift 3
printf '%s\\n' "$*" >>"$FAKE/asked"
case "$*" in *192.168.10.222*) way=under ;; *) way=over ;; esac
case "$*" in
  *" route get 10.0.3.11") [ -e "$FAKE/lost" ] || echo "10.0.3.11 dev eth0 src 10.0.3.10" ;;
  *" route get "*) echo "192.168.10.222 dev eth1 src 192.168.10.156" ;;
  *" link show dev eth0") echo "2: eth0@if5: <UP> mtu 1450 qdisc noqueue" ;;
  *" link show dev eth1") echo "2: eth1: <UP> mtu 1500 qdisc noqueue" ;;
  *" -f "*) cat "$FAKE/$way-full" ;;
  *" -c 1 "*) cat "$FAKE/$way-cold" ;;
  *" -c 20 "*) cat "$FAKE/$way-warm" ;;
esac
`;
const TCPDUMP = `#!/bin/sh
echo "listening on eth0" >&2
cat "$FAKE/outer"
`;

let host: FakeHost;

function measured(asked: Partial<MeasurementState> = {}): {
  code: number | null;
  answer?: MeasurementAnswer;
  said: string;
} {
  const envelope = { v: PROTOCOL, id: "cost", lab: "00c0ffee", state: { ...ASKED, ...asked } };
  const { code, stdout, stderr } = host.guest(["measure"], JSON.stringify(envelope));
  return { code, said: stderr, ...(code === 0 ? { answer: JSON.parse(stdout) as MeasurementAnswer } : {}) };
}
const trips = (...all: number[]) =>
  all.map((ms) => `64 bytes from x: icmp_seq=1 ttl=64 time=${ms} ms\n`).join("");
const full = (received: number, ms: number) =>
  `${received} packets transmitted, ${received} received, 0% packet loss, time ${ms}ms\n`;
const outer = (length: number) => `IP (tos 0x0, ttl 64, proto UDP (17), length ${length})\n`;

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.keeps("container", BOX);
    host.runs("nsenter", INSIDE);
    host.runs("tcpdump", TCPDUMP);
    host.shows("state-of", "RUNNING\n");
    host.shows("over-cold", trips(9));
    host.shows("over-warm", trips(5, 1, 3, 2));
    host.shows("over-full", full(1000, 1160));
    host.shows("under-cold", trips(4));
    host.shows("under-warm", trips(2, 1, 7));
    host.shows("under-full", full(2000, 600));
    host.shows("outer", outer(1090) + outer(1050) + outer(1500));
  });

  it("answers medians, rates, the MTU of both ways, and the least that is added to a packet", () => {
    const { answer, said } = measured();
    expect(said).toBe("");
    expect(answer).toEqual({
      v: PROTOCOL,
      overhead: 50,
      overlay: { mtu: 1450, cold: 9, warm: 2.5, rate: 10_000_000 },
      underlay: { mtu: 1500, cold: 4, warm: 2, rate: 40_000_000 },
    });
    const asked = host.read("asked");
    expect(asked.match(/neigh flush to 10\.0\.3\.11 dev eth0$/gm)).toHaveLength(5);
    expect(asked).toMatch(/ -s 1422 10\.0\.3\.11$/m);
    expect(asked).toMatch(/ -s 1472 192\.168\.10\.222$/m);
    expect(asked).toMatch(/ -s 972 10\.0\.3\.11$/m);
  });

  it("reads the length of an IPv6 packet, and takes a packet of no encapsulation for none", () => {
    host.shows("outer", "IP6 (hlim 64, next-header UDP (17) payload length: 1030) x\n");
    expect(measured().answer?.overhead).toBe(70);
    host.shows("outer", outer(1000) + outer(1400));
    expect(measured().answer?.overhead).toBe(null);
  });

  it("says null of what has no answer and no route", () => {
    for (const file of ["over-cold", "over-warm"]) host.shows(file, "1 packets transmitted, 0 received\n");
    host.shows("over-full", "200 packets transmitted, 0 received, 100% packet loss, time 5000ms\n");
    expect(measured().answer?.overlay).toEqual({ mtu: 1450, cold: null, warm: null, rate: null });
    host.shows("lost", "");
    expect(measured().answer?.overlay).toEqual({ mtu: null, cold: null, warm: null, rate: null });
  });

  it.each([{ to: "10.0.3.11 -f" }, { beside: "192.168.10.222 or port 22" }, { from: "$(id)" }])(
    "takes nothing else for a name or an address: %j",
    (asked) => {
      expect(measured(asked)).toMatchObject({
        code: 1,
        said: expect.stringContaining("where a name") as string,
      });
      expect(host.shell(`ls ${host.path("asked")}`).code).not.toBe(0);
    },
  );

  it("fails in one sentence when the container does not run, or is on no host", () => {
    expect(measured({ from: "c9" })).toMatchObject({
      code: 1,
      said: "vxlab: cost cost: container c9 is not on this host\n",
    });
    host.forgets("state-of");
    expect(measured()).toMatchObject({ code: 1, said: "vxlab: cost cost: container c1 is ABSENT\n" });
  });
});
