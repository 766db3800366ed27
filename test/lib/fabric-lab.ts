/** The settings of the fabric on three machines (test/lab/fabric.test.ts), and who hears whom in it. */
import { endsOf, forger } from "./broadcasts";

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
