/** The lab of the tests of EVPN: three hosts, of which two are route reflectors, and who reaches whom in it. */
import { expect } from "vitest";
import { capture, keepPinging } from "./capture";
import { change } from "./changes";
import type { Guests } from "./guests";
import { good, type Project } from "./project";

export const HOSTS = {
  kvm1: { address: "192.168.10.11" },
  kvm2: { address: "192.168.10.12" },
  kvm3: { address: "192.168.10.13" },
};
export const RED = { vni: 100, subnet: "10.0.3.0/24", subnet6: "fd00:3::/64", flooding: "evpn" };
const BLUE = { vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "evpn", dhcp: { host: "kvm1" } };
export const red = (n: number) => ({
  segment: "red",
  address: `10.0.3.${n}/24`,
  address6: `fd00:3::${n}/64`,
});
export const CONTAINERS = {
  c1: { host: "kvm1", ...red(10) },
  c2: { host: "kvm2", ...red(11) },
  c3: { host: "kvm3", ...red(12) },
  lent: { host: "kvm3", segment: "blue", address: "dhcp" },
};

export function configure(
  project: Project,
  segment: object = {},
  more: object = {},
  boxes: object = {},
): void {
  project.configure({
    hosts: HOSTS,
    segments: { red: { ...RED, ...segment }, blue: BLUE },
    containers: { ...CONTAINERS, ...boxes },
    ...more,
  });
}

/** `pulumi up` with other settings; what it did, step by step. */
export async function up(
  project: Project,
  segment: object = {},
  more: object = {},
  boxes: object = {},
): Promise<string[]> {
  configure(project, segment, more, boxes);
  const done = await change(project, ["up"], { timeout: 900 });
  good(done);
  return done.steps;
}

export const reaches = async (guests: Guests, from: string, to: string): Promise<boolean> =>
  (await guests.ping(from, `-c 3 -i 0.3 -W 3 ${to}`)).code === 0;

export const allReach = async (guests: Guests): Promise<boolean> =>
  (
    await Promise.all([
      reaches(guests, "c1", "10.0.3.11"),
      reaches(guests, "c2", "10.0.3.12"),
      reaches(guests, "c3", "10.0.3.10"),
      reaches(guests, "c3", "fd00:3::10"),
    ])
  ).every(Boolean);

/** Pings from c2 to c3, neither of whose hosts is kvm1, while a daemon of kvm1 is killed; how many were lost. */
export async function lostWithout(guests: Guests, daemon: string): Promise<{ lost: number; sent: number }> {
  const pings = await keepPinging(guests, "c2", "10.0.3.12");
  await guests.tell("kvm1", `sleep 2; kill -9 $(cat /run/frr/vxlab/${daemon}.pid); sleep 12`);
  const { lost, sent } = await pings.end();
  return { lost: lost.length, sent };
}

export const stations = (guests: Guests, host: string, device = "ve100"): Promise<string> =>
  guests.tell(host, `bridge fdb show dev ${device}`);

/** Frames for all, or for a multicast group of neighbour discovery, that kvm1's underlay carries for new conversations of c1. */
export async function askedByAll(guests: Guests): Promise<{ questions: string[]; answers: number }> {
  const forget = (name: string) =>
    guests.tell(guests.hostOf(name), guests.inside(name, "ip neigh flush all"));
  await Promise.all(["c1", "c2", "c3"].map(forget));
  const wire = await capture(
    guests,
    "kvm1",
    "tcpdump -i eth0 -nn -e -U -T vxlan udp port 4789 or udp port 4790",
  );
  await Promise.all(["c1", "c2", "c3"].map(forget));
  for (const to of ["10.0.3.11", "10.0.3.12", "fd00:3::11"])
    expect(await reaches(guests, "c1", to)).toBe(true);
  const lines = (await wire()).split("\n");
  return {
    questions: lines.filter((line) =>
      /> (ff:ff:ff:ff:ff:ff|33:33:ff:\S+), .*(who-has|neighbor sol)/.test(line),
    ),
    answers: lines.filter((line) => line.includes("echo reply")).length,
  };
}
