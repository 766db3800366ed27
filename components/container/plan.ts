import { addressText, networksIn, prefixed } from "../../plan/addresses";
import { Findings } from "../../plan/findings";
import { NO_ADDRESS } from "../../plan/ipam";
import type { ContainerPlan, InterfacePlan, RoutePlan, TaggedPlan } from "../../plan/lab-plan";
import { DEAD_VLAN, nicName, vethName } from "../../plan/names";
import { IpFamily } from "../../plan/net/family";
import type { AccessNic, Place, ResolvedContainer, ResolvedNic, TrunkNic } from "../../plan/resolved";
import { serviceFor } from "../service/of-segment";
import { ignoredAdvertisements } from "./announced";
import { placesOf } from "./resolve-nics";
import { resolveForwards } from "./resolve-routing";
import { forwarding } from "./resolve-sysctls";
import type { ChainSide } from "./spec";

/** @param mtuOf MTU of a transparent middle box's interfaces, by its name */
export function planContainer(container: ResolvedContainer, mtuOf: (box: string) => number): ContainerPlan {
  const { name, host, content, command, files, exec, nics, ports } = container;
  const routes = plannedRoutes(container);
  const sysctls = [...container.sysctls, ...ignoredAdvertisements(container)];
  const interfaces = nics.map((nic) => planInterface(nic, mtuOf));
  return {
    name,
    host,
    ...content,
    command: [...command],
    interfaces: withForwards(container, withGateway(container, interfaces)),
    ...(files.length === 0 ? {} : { files: [...files] }),
    ...(exec.length === 0 ? {} : { exec: [...exec] }),
    ...(routes.length === 0 ? {} : { routes }),
    ...(sysctls.length === 0 ? {} : { sysctls }),
    ...(ports.length === 0 ? {} : { ports: [...ports] }),
  };
}

/** The IPv4 default route is its interface's. */
function plannedRoutes({ routes }: ResolvedContainer): RoutePlan[] {
  return routes
    .filter(({ to }) => to.cidr !== "0.0.0.0/0")
    .map(({ to, via }) => ({ to: to.cidr, via: addressText(via) }));
}

function planInterface(nic: ResolvedNic, mtuOf: (box: string) => number): InterfacePlan {
  const { container, number, mac } = nic;
  const name = nicName(number);
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

/**
 * One default route: by the gateway that is written, else by the first interface that can have one. A DHCP client gets it from the server.
 */
function withGateway(
  { host, nics, routes: all }: ResolvedContainer,
  interfaces: InterfacePlan[],
): InterfacePlan[] {
  const written = all.find(({ to }) => to.cidr === "0.0.0.0/0");
  const routes = nics.map((nic) => {
    if (written === undefined) return gatewayFor(nic, host);
    return nic.place === written.place ? addressText(written.via) : undefined;
  });
  const first = routes.findIndex((route) => route !== undefined);
  return interfaces.map((one, index) => {
    const gateway = index === first && !one.dhcp ? routes[index] : undefined;
    return gateway === undefined ? one : { ...one, gateway };
  });
}

function gatewayFor(nic: ResolvedNic, host: string): string | undefined {
  if (nic.place === undefined || nic.bare || nic.spec.gateway === NO_ADDRESS) return undefined;
  const service = serviceFor(nic.place.segment, host);
  return service?.nat === true && service.four !== undefined ? addressText(service.four.address) : undefined;
}

/** A router's interfaces, with the networks whose packets it forwards into each segment. */
function withForwards(container: ResolvedContainer, interfaces: InterfacePlan[]): InterfacePlan[] {
  const outside = interfaces.findIndex(({ gateway }) => gateway !== undefined);
  const into = (nic: ResolvedNic, place: Place) =>
    forwardsInto(container, nic, place, container.nics[outside]);
  return interfaces.map((one, index) => {
    const nic = container.nics[index];
    if (nic === undefined || nic.side !== undefined) return one;
    if (nic.trunk === undefined) return { ...one, ...into(nic, nic.place) };
    const trunk = one.trunk.map((tagged, number) => {
      const place = nic.trunk[number];
      return place === undefined ? tagged : { ...tagged, ...into(nic, place) };
    });
    return { ...one, trunk };
  });
}

/** As written, else what its routes lead to by other interfaces. */
function forwardsInto(
  { nics, routes, sysctls }: ResolvedContainer,
  nic: ResolvedNic,
  place: Place,
  outside: ResolvedNic | undefined,
): { forwards?: string[] } {
  if (!place.portSecurity) return {};
  const families = forwarding(sysctls);
  const others = nics.flatMap((one) => [...placesOf(one)]).filter((one) => one !== place);
  const behind = [
    ...others.flatMap(({ segment }) => networksIn(segment)),
    ...routes.filter((route) => route.place !== place).map(({ to }) => to),
  ]
    .filter(({ family }) => families.includes(family))
    .map(({ cidr }) => cidr);
  const beyond =
    outside !== undefined && outside !== nic && families.includes(IpFamily.V4) ? ["0.0.0.0/0"] : [];
  const all = resolveForwards(nic, new Findings()) ?? [...behind, ...beyond];
  const everything = (one: string) => all.includes(one.includes(":") ? "::/0" : "0.0.0.0/0");
  const forwards = [...new Set(all.filter((one) => /\/0$/.test(one) || !everything(one)))];
  return forwards.length === 0 ? {} : { forwards };
}
