import { addressText } from "../../plan/addresses";
import type { PlannedGround } from "../../plan/section";
import type { ChainPlan, ContainerPlan, EndPlan, HopPlan, ServicePlan } from "../../plan/lab-plan";
import { vethName } from "../../plan/names";
import type { ResolvedLab } from "../../plan/resolved";
import { endpointOf } from "../encryption/endpoint";
import { allowedSources } from "../port-security/plan";
import { mtuUnder } from "../underlay/mtu";
import { maxOverlayMtu } from "../../plan/net/encap";
import { carrierOf, hopVni } from "./carrier";
import type { ResolvedChain, ResolvedHop } from "./resolved";

/** What hops are made of. */
interface Ground extends Pick<PlannedGround, "containers" | "services"> {
  vteps: ReadonlyMap<string, string>;
}

/** Chains, sorted by name. */
export function planChains(
  lab: ResolvedLab,
  { containers, services }: Pick<PlannedGround, "containers" | "services">,
): ChainPlan[] {
  const vteps = new Map(lab.hosts.map((host) => [host.name, addressText(endpointOf(host))]));
  return lab.chains.flatMap((chain) => planChain(lab.identity, chain, { containers, services, vteps }));
}

/** None without all of its hops: it would lead past one. */
function planChain(identity: string, chain: ResolvedChain, ground: Ground): ChainPlan[] {
  const { name, segment, failure, probe, through } = chain;
  const hopIn = (hop: ResolvedHop) => ({ ...hop, vni: hopVni(identity, name, hop.name) });
  const [from, to] = [chain.from, chain.to].map((end) => planEnd(chain, hopIn(end), ground));
  const boxes = through.flatMap((box) => planBox(chain, hopIn(box), ground) ?? []);
  if (from === undefined || to === undefined || boxes.length < through.length) return [];
  return [
    {
      ...{ name, segment: segment.name, failure },
      ...(probe === undefined ? {} : { probe }),
      ...carrierOf(segment),
      hops: [from, ...boxes, to],
    },
  ];
}

type NumberedHop = ResolvedHop & { vni: number };

function planBox(chain: ResolvedChain, hop: NumberedHop, ground: Ground): HopPlan | undefined {
  const { name, host, vni, sides } = hop;
  const vtep = ground.vteps.get(host);
  if (sides === undefined || vtep === undefined) return planEnd(chain, hop, ground);
  const ports: [string, string] = [vethName(name, sides.in), vethName(name, sides.out)];
  return { name, host, vtep, vni, ports, addresses: [] };
}

/** An end, or a routed middle box. */
function planEnd(
  { segment, from, to }: ResolvedChain,
  { name, host, vni, nic: number }: NumberedHop,
  { containers, services, vteps }: Ground,
): EndPlan | undefined {
  const vtep = vteps.get(host);
  if (vtep === undefined) return undefined;
  const head = { name, host, vtep, vni };
  if (number === undefined) {
    const service = services.find((one) => one.segment === segment.name);
    return service && { ...head, ...gatewayPart(service) };
  }
  const nic = containers.find((one) => one.name === name)?.interfaces[number];
  const isEnd = name === from.name || name === to.name;
  return nic && { ...head, ...nicPart(nic, isEnd) };
}

type Unnumbered = Omit<EndPlan, "name" | "host" | "vtep" | "vni">;

const gatewayPart = ({ device, mac, addresses }: ServicePlan): Unnumbered => ({
  ...{ ports: [device], mac, addresses: addresses.map(bare), gateway: true },
});

function nicPart(nic: ContainerPlan["interfaces"][number], isEnd: boolean): Unnumbered {
  const range = nic.dhcpRange === undefined ? {} : { range: nic.dhcpRange };
  return {
    ...{ ports: [nic.veth], mac: nic.mac, addresses: nic.addresses.map(bare) },
    ...(isEnd && nic.portSecurity ? { sources: allowedSources({ ...nic, ...range }) } : {}),
  };
}

/** MTU of a transparent middle box's interfaces: its chain's. Without a chain, that of the lab's smallest segment. */
export function boxMtu({ chains, segments, underlays }: ResolvedLab): (box: string) => number {
  const mtus = segments.map(({ mtu }) => mtu);
  const idle = mtus.length === 0 ? maxOverlayMtu(mtuUnder(underlays), underlays.family) : Math.min(...mtus);
  return (box) => chains.find(({ through }) => through.some(({ name }) => name === box))?.segment.mtu ?? idle;
}

function bare(address: string): string {
  return address.split("/")[0] ?? address;
}
