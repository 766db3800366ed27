import { addressText, prefixed } from "../../plan/addresses";
import type { ContainerPlan, InterfacePlan, TaggedPlan } from "../../plan/lab-plan";
import { DEAD_VLAN, vethName } from "../../plan/names";
import type { AccessNic, Place, ResolvedContainer, ResolvedNic, TrunkNic } from "../../plan/resolved";
import type { ChainSide } from "./spec";

/** @param mtuOf MTU of a transparent middle box's interfaces, by its name */
export function planContainer(
  { name, host, content, command, nics }: ResolvedContainer,
  mtuOf: (box: string) => number,
): ContainerPlan {
  return {
    name,
    host,
    ...content,
    command: [...command],
    interfaces: withGateway(
      nics,
      nics.map((nic) => planInterface(nic, mtuOf)),
    ),
  };
}

function planInterface(nic: ResolvedNic, mtuOf: (box: string) => number): InterfacePlan {
  const { container, number, mac } = nic;
  const name = `eth${number}`;
  const veth = vethName(container, number);
  if (nic.side !== undefined) return planSide(nic.side, { name, veth, mac, mtu: mtuOf(container) });
  return nic.trunk === undefined ? planAccess(nic, { name, veth, mac }) : planTrunk(nic, { name, veth, mac });
}

type Names = Pick<InterfacePlan, "name" | "veth" | "mac">;

function planAccess({ place, dhcp }: AccessNic, { name, veth, mac }: Names): InterfacePlan {
  const { segment, portSecurity } = place;
  const range = dhcp ? segment.service?.range : undefined;
  return {
    ...{ name, segment: segment.name, addresses: textOf(place), dhcp, mac, mtu: segment.mtu, veth },
    ...(segment.vlan === undefined ? {} : { vlan: segment.vlan }),
    trunk: [],
    portSecurity,
    ...(range === undefined
      ? {}
      : { dhcpRange: { first: addressText(range.first), last: addressText(range.last) } }),
  };
}

function planTrunk({ trunk: places }: TrunkNic, { name, veth, mac }: Names): InterfacePlan {
  const trunk = places.map((place): TaggedPlan => ({
    segment: place.segment.name,
    vlan: place.vlan,
    addresses: textOf(place),
    mtu: place.segment.mtu,
    portSecurity: place.portSecurity,
  }));
  const mtu = Math.max(...trunk.map((tagged) => tagged.mtu));
  const portSecurity = trunk.some((tagged) => tagged.portSecurity);
  return { name, addresses: [], dhcp: false, mac, mtu, veth, trunk, portSecurity };
}

function planSide(chain: ChainSide, names: Names & Pick<InterfacePlan, "mtu">): InterfacePlan {
  return { ...names, addresses: [], dhcp: false, vlan: DEAD_VLAN, trunk: [], portSecurity: false, chain };
}

function textOf({ addresses }: Place): string[] {
  return addresses.map(({ address, subnet }) => prefixed(address, subnet));
}

/** One default route, by the first interface that can have one. The DHCP server tells it to whom it lends an address. */
function withGateway(nics: readonly ResolvedNic[], interfaces: InterfacePlan[]): InterfacePlan[] {
  const routes = nics.map(gatewayFor);
  const first = routes.findIndex((route) => route !== undefined);
  return interfaces.map((one, index) => {
    const gateway = index === first && !one.dhcp ? routes[index] : undefined;
    return gateway === undefined ? one : { ...one, gateway };
  });
}

function gatewayFor(nic: ResolvedNic): string | undefined {
  if (nic.place === undefined || nic.bare) return undefined;
  const { service } = nic.place.segment;
  return service?.nat === true ? addressText(service.address) : undefined;
}
