import { addressText } from "../../plan/addresses";
import type { PlannedGround } from "../../plan/section";
import type { ChainPlan, ContainerPlan, HopPlan, ServicePlan } from "../../plan/lab-plan";
import { vethName } from "../../plan/names";
import type { ResolvedLab } from "../../plan/resolved";
import { endpointOf } from "../encryption/endpoint";
import { allowedSources } from "../port-security/plan";
import { mtuUnder } from "../underlay/mtu";
import { maxOverlayMtu } from "../../plan/net/encap";
import { carrierOf, hopsOf, hopVni } from "./carrier";
import type { ResolvedChain, ResolvedHop } from "./resolved";

/** Chains, sorted by name. */
export function planChains(
  lab: ResolvedLab,
  { containers, services }: Pick<PlannedGround, "containers" | "services">,
): ChainPlan[] {
  const vteps = new Map(lab.hosts.map((host) => [host.name, addressText(endpointOf(host))]));
  return lab.chains.map((chain) => ({
    ...{ name: chain.name, segment: chain.segment.name, failure: chain.failure },
    ...(chain.probe === undefined ? {} : { probe: chain.probe }),
    ...carrierOf(chain.segment),
    hops: hopsOf(chain).map((hop) => ({
      ...{ name: hop.name, host: hop.host, vtep: vteps.get(hop.host) ?? "" },
      vni: hopVni(lab.identity, chain.name, hop.name),
      ...planHop(chain, hop, containers, services),
    })),
  }));
}

type HopPart = Omit<HopPlan, "name" | "host" | "vtep" | "vni">;

function planHop(
  { segment, from, to }: ResolvedChain,
  hop: ResolvedHop,
  containers: readonly ContainerPlan[],
  services: readonly ServicePlan[],
): HopPart {
  const { name, nic: number, sides } = hop;
  if (sides !== undefined)
    return { ports: [vethName(name, sides.in), vethName(name, sides.out)], addresses: [] };
  const box = containers.find((one) => one.name === name);
  const nic = number === undefined ? undefined : box?.interfaces[number];
  if (nic !== undefined) {
    const isEnd = hop === from || hop === to;
    const range = nic.dhcpRange === undefined ? {} : { range: nic.dhcpRange };
    return {
      ...{ ports: [nic.veth], mac: nic.mac, addresses: nic.addresses.map(bare) },
      ...(isEnd && nic.portSecurity ? { sources: allowedSources({ ...nic, ...range }) } : {}),
    };
  }
  const { device, mac, addresses } = services.find((one) => one.segment === segment.name) ?? {
    ...{ device: "", mac: "", addresses: [] },
  };
  return { ports: [device], mac, addresses: addresses.map(bare), gateway: true };
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
