/** The settings of the fabric on three machines (test/lab/fabric.test.ts), and who hears whom in it. */
import { expect } from "vitest";
import { broadcasts, endsOf, forger, onceEach, type Forger } from "./broadcasts";
import type { Guests } from "./guests";

export const HOSTS = {
  kvm1: { address: "192.168.10.156" },
  kvm2: { address: "192.168.10.222" },
  kvm3: { address: "192.168.10.30" },
};
/** The names of segments and what floods in them at the beginning. */
export const RED = { vni: 100, subnet: "10.0.3.0/24", subnet6: "fd00:3::/64" };
export const BLUE = {
  ...{ vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow", mtu: 1400 },
  ...{ dhcp: { host: "kvm1" }, gateway: { host: "kvm1" } },
};
export const GREEN = { vni: 300, vlan: 30, subnet: "10.0.30.0/24", flooding: "multicast" };

export const red = (n: number) => ({
  segment: "red",
  address: `10.0.3.${n}/24`,
  address6: `fd00:3::${n}/64`,
});
const open = { portSecurity: false }; // of forgers: here the tags of their ports are tested
export const CONTAINERS = {
  c1: { host: "kvm1", ...red(10), ...open },
  c2: { host: "kvm2", ...red(11) },
  c3: { host: "kvm3", ...red(12) },
  lent: { host: "kvm3", segment: "blue", address: "dhcp", ...open },
  two: { host: "kvm1", interfaces: [{ segment: "green", address: "10.0.30.8/24" }, red(50)] },
  both: { host: "kvm2", interfaces: [{ trunk: ["blue", "green"] }], ...open },
};

/** Every end of every segment: two of red are on one host, one of them on a second interface; a trunk is in two segments. */
export const RED_ENDS = endsOf("red", "10.0.3.255", "c1 eth0", "c2 eth0", "c3 eth0", "two eth1");
export const ENDS = [
  ...RED_ENDS,
  ...endsOf("blue", "10.0.20.255", "lent eth0", "both eth0.20"),
  ...endsOf("green", "10.0.30.255", "two eth0", "both eth0.30"),
];

/** Another's tag where none belongs; none on a trunk, where red's frames have none; on it the tag of no segment. */
export const FORGERS = [
  forger("c1 eth0.30", "10.0.30.66/24", "10.0.30.255"),
  forger("lent eth0.30", "10.0.30.67/24", "10.0.30.255"),
  forger("both eth0", "10.0.3.68/24", "10.0.3.255"),
  forger("both eth0.10", "10.0.10.69/24", "10.0.10.255"),
];

/** Who reaches whom, and who hears whom, in the lab as it is. */
export function fabricOf(guests: () => Guests) {
  /** Answered pings of three: containers that were just plugged in learn their neighbours first. None may be answered twice. */
  async function reaches(from: string, to: string, options = ""): Promise<boolean> {
    const { code, stdout } = await guests().ping(from, `-c 3 -i 0.3 -W 3 ${options} ${to}`);
    if (stdout.includes("(DUP!)")) throw new Error(`${from} has several answers of ${to}:\n${stdout}`);
    return code === 0;
  }

  /** Every broadcast once, at all that it is for, and nowhere else. */
  async function broadcastsStay(ends = ENDS, forgers: Forger[] = []): Promise<void> {
    expect(await broadcasts(guests(), ends, forgers)).toEqual(onceEach(ends));
  }

  /** Those of the pairs that do not reach each other, all tried at once. */
  async function unreached(pairs: readonly (readonly [from: string, to: string])[]): Promise<string[]> {
    const answers = await Promise.all(pairs.map(([from, to]) => reaches(from, to)));
    return pairs.flatMap(([from, to], index) => (answers[index] === true ? [] : [`${from} to ${to}`]));
  }

  /** Every pair of red, both ways round the ring, over IPv4 and IPv6, with the largest packet and none larger. */
  async function redWorks(): Promise<string[]> {
    const failed = await unreached([
      ["c1", "10.0.3.11"],
      ["c2", "10.0.3.12"],
      ["c3", "10.0.3.10"],
      ["c2", "10.0.3.50"],
      ["c1", "fd00:3::11"],
      ["c3", "fd00:3::10"],
    ]);
    const [full, longer] = await Promise.all(
      [1422, 1423].map((size) => reaches("c1", "10.0.3.11", `-M do -s ${size}`)),
    );
    return [...failed, ...(full ? [] : ["a full packet"]), ...(longer ? ["one byte more is held back"] : [])];
  }

  return { reaches, broadcastsStay, unreached, redWorks };
}
