/** The lab of the tests of encryption: its settings, and who reaches whom. */
import type { Guests } from "./guests";

export const [KVM1, KVM2] = ["192.168.10.156", "192.168.10.222"];
/** The hypervisor's own address on the underlay. */
export const HYPERVISOR = "192.168.10.1";
export const WIREGUARD = 51820;
/** kvm3 is on the underlay and in no segment: the attacker. */
const pair = { hosts: ["kvm1", "kvm2"] };
export const SEGMENTS = {
  red: { vni: 100, subnet: "10.0.3.0/24", ...pair },
  blue: { vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow", ...pair },
  navy: { vni: 300, vlan: 30, subnet: "10.0.30.0/24", encapsulation: "geneve", ...pair },
};
const box = (host: string, segment: string, address: string) => ({ host, segment, address });
export const CONTAINERS = {
  c1: box("kvm1", "red", "10.0.3.10/24"),
  c2: box("kvm2", "red", "10.0.3.11/24"),
  b1: box("kvm1", "blue", "10.0.20.10/24"),
  b2: box("kvm2", "blue", "10.0.20.11/24"),
  n1: box("kvm1", "navy", "10.0.30.10/24"),
  n2: box("kvm2", "navy", "10.0.30.11/24"),
};
export const settings = (underlay: object = {}, more: object = {}) => ({
  underlay,
  hosts: { kvm1: { address: KVM1 }, kvm2: { address: KVM2 }, kvm3: { address: "192.168.10.30" } },
  segments: SEGMENTS,
  containers: CONTAINERS,
  ...more,
});
/** Pings that cross the underlay, from whom to what. */
export const FAR = { c1: "10.0.3.11", b1: "10.0.20.11", n1: "10.0.30.11" };

export async function pingsAll(
  guests: Guests,
  pairs: Readonly<Record<string, string>> = FAR,
): Promise<boolean[]> {
  const sent = Object.entries(pairs).map(([from, to]) => guests.ping(from, `-c 3 -i 0.3 -W 3 ${to}`));
  return (await Promise.all(sent)).map(({ code }) => code === 0);
}
