import { addressText } from "../../plan/addresses";
import * as defaults from "../../plan/defaults";
import { attachmentKey, LENT_ADDRESS, NO_ADDRESS } from "../../plan/ipam";
import { computedMac, MacKind, normalMac } from "../../plan/mac";
import { checked } from "../../plan/must";
import { vethName } from "../../plan/names";
import { attachmentsOf, nicsOfContainer } from "./nics";
import type { Attachment, Nic } from "./nics";
import { segmentMtu } from "../host/plan";
import { sortedEntries } from "../../plan/rules";
import { dhcpRange, serviceAddress } from "../service/services";
import type { ContainerPlan, ContainerSpec, InterfacePlan, SegmentSpec, Topology } from "../../plan/types";

/** @param book addresses by `attachmentKey` */
export function planContainer(
  topology: Topology,
  lab: string,
  book: ReadonlyMap<string, string[]>,
  name: string,
  spec: ContainerSpec,
): ContainerPlan {
  const nics = nicsOfContainer(name, spec);
  const interfaces = nics.map((nic) => planInterface(topology, lab, book, nic));
  return {
    name,
    host: spec.host,
    kind: defaults.containerKindOf(spec),
    ...imageOf(spec),
    command: defaults.commandOf(spec),
    interfaces: withGateway(topology, nics, interfaces),
  };
}

function imageOf({
  image,
  archive,
  env = {},
}: ContainerSpec): Pick<ContainerPlan, "image" | "archive" | "env"> {
  const variables = sortedEntries(env);
  return {
    ...(image === undefined ? {} : { image }),
    ...(archive === undefined ? {} : { archive }),
    ...(variables.length === 0 ? {} : { env: Object.fromEntries(variables) }),
  };
}

function planInterface(
  topology: Topology,
  lab: string,
  book: ReadonlyMap<string, string[]>,
  nic: Nic,
): InterfacePlan {
  const places = attachmentsOf(topology, nic);
  const [place] = places;
  const { container, number, spec } = nic;
  const addressesIn = ({ name }: Attachment) => [...(book.get(attachmentKey(container, name)) ?? [])];
  const trunk = places
    .filter(({ tagged }) => tagged)
    .map((one) => ({
      segment: one.name,
      vlan: checked(one.segment.vlan),
      addresses: addressesIn(one),
      mtu: segmentMtu(topology, one.segment),
      portSecurity: defaults.portSecurityOf(nic, one.segment),
    }));
  const single = place === undefined || place.tagged ? undefined : place;
  return {
    name: `eth${number}`,
    ...(single === undefined ? {} : { segment: single.name }),
    addresses: single === undefined ? [] : addressesIn(single),
    dhcp: single !== undefined && spec.address === LENT_ADDRESS,
    mac: normalMac(spec.mac ?? computedMac(lab, MacKind.Container, container, number)),
    mtu:
      single === undefined ? Math.max(...trunk.map(({ mtu }) => mtu)) : segmentMtu(topology, single.segment),
    veth: vethName(container, number),
    ...(single?.segment.vlan === undefined ? {} : { vlan: single.segment.vlan }),
    trunk,
    portSecurity:
      single === undefined
        ? trunk.some((tagged) => tagged.portSecurity)
        : defaults.portSecurityOf(nic, single.segment),
    ...(single === undefined || spec.address !== LENT_ADDRESS ? {} : lent(single.segment)),
  };
}

function lent(segment: SegmentSpec): Pick<InterfacePlan, "dhcpRange"> {
  const { first, last } = checked(dhcpRange(segment));
  return { dhcpRange: { first: addressText(first), last: addressText(last) } };
}

/** One default route, by the first interface that can have one. The DHCP server tells it to whom it lends an address. */
function withGateway(topology: Topology, nics: readonly Nic[], interfaces: InterfacePlan[]): InterfacePlan[] {
  const first = nics.findIndex((nic) => gatewayFor(topology, nic) !== undefined);
  return interfaces.map((one, index) => {
    const nic = nics[index];
    if (index !== first || nic === undefined || one.dhcp) return one;
    return { ...one, gateway: checked(gatewayFor(topology, nic)) };
  });
}

function gatewayFor(topology: Topology, nic: Nic): string | undefined {
  const [place] = attachmentsOf(topology, nic);
  if (place === undefined || place.tagged || nic.spec.address === NO_ADDRESS) return undefined;
  return place.segment.gateway === undefined
    ? undefined
    : addressText(checked(serviceAddress(place.segment)));
}
