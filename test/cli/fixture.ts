/** Labs as a stack output shows them, made by the planner from a topology. */
import type { LabOutput } from "../../plan/contract";
import { deriveSeed, ed25519FromSeed, hostKeyInfo } from "../../plan/keys";
import { tunnelName } from "../../plan/names";
import { planLab } from "../../plan/plan";
import type { Topology } from "../../plan/types";
import { reference } from "../plan/reference";

export const SECRET = Buffer.alloc(32, 7);

export function labOf(topology: Topology): LabOutput {
  const plan = planLab(topology, { lab: "lab" });
  const { cidr, gateway, mtu } = plan.underlay;
  return {
    schema: 1,
    id: "cafe0001",
    underlay: { cidr, gateway, mtu },
    image: plan.image.kind,
    hosts: plan.hosts.map(({ name, address, bridge, ports }) => ({
      name,
      address,
      bridge,
      hostKey: ed25519FromSeed(deriveSeed(SECRET, hostKeyInfo(name))).publicKeyLine,
      domain: `vxlab-cafe0001-${name}`,
      ports: ports.map((port) => ({
        segment: port.segment,
        vni: port.vni,
        udpPort: port.udpPort,
        mtu: port.mtu,
        tunnels: port.remotes.map((remote) => ({ port: tunnelName(port.vni, remote.address), ...remote })),
      })),
    })),
    containers: plan.containers,
  };
}

/** The lab of design.md: kvm1 and kvm2, VNI 100, c1 and c2. */
export const referenceLab = (): LabOutput => labOf(reference());

/** Three machines, two segments; blue is tagged, on a port of its own, and smaller. */
export function twoSegments(): LabOutput {
  const { underlay, image, hosts } = reference();
  return labOf({
    underlay,
    image,
    hosts: { ...hosts, kvm3: { address: "192.168.10.33" } },
    segments: {
      red: { vni: 100, subnet: "10.0.3.0/24" },
      blue: { vni: 70000, subnet: "10.0.4.0/24", vlan: 20, udpPort: 4790, mtu: 1400 },
    },
    containers: {
      c1: { host: "kvm1", address: "10.0.3.10/24", segment: "red" },
      c2: { host: "kvm2", address: "10.0.3.11/24", segment: "red" },
      c3: { host: "kvm3", address: "10.0.3.12/24", segment: "red" },
      d1: { host: "kvm1", address: "10.0.4.10/24", segment: "blue" },
      d2: { host: "kvm3", address: "10.0.4.11/24", segment: "blue" },
    },
  });
}

/** One segment, `machines` machines, `containers` containers dealt out to them in turn. */
export function meshOf(machines: number, containers: number): LabOutput {
  const { underlay, image, segments } = reference();
  const times = <T>(count: number, make: (i: number) => [string, T]) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => make(i)));
  const two = (i: number) => String(i).padStart(2, "0");
  return labOf({
    underlay,
    image,
    segments,
    hosts: times(machines, (i) => [`h${two(i)}`, { address: `192.168.10.${10 + i}` }]),
    containers: times(containers, (i) => [
      `c${two(i)}`,
      { host: `h${two(i % machines)}`, address: `10.0.3.${10 + i}/24` },
    ]),
  });
}
