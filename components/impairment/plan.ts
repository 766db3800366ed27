/** Impairments, planned: for each place the host, the device that packets are led through, and which packets. */
import { addressText } from "../../plan/addresses";
import { impairmentDevice, nicName, vethName } from "../../plan/names";
import type { ResolvedLab } from "../../plan/resolved";
import { EFFECT_KEYS } from "./effects";
import type { ImpairedPlacePlan, ImpairmentPlan, TunnelPacketsPlan } from "./planned";
import { Direction } from "./spec";
import type { LinkPlace, ResolvedImpairment, ResolvedPlace } from "./resolved";

/** Sorted by name. */
export function planImpairments({ impairments }: ResolvedLab): ImpairmentPlan[] {
  return impairments.map(planImpairment);
}

function planImpairment(impairment: ResolvedImpairment): ImpairmentPlan {
  const { name, spec, places } = impairment;
  const effects = EFFECT_KEYS.flatMap((key) => (spec[key] === undefined ? [] : [[key, spec[key]] as const]));
  return {
    ...{ name, where: whereText(impairment) },
    ...(spec.segment === undefined ? {} : { segment: spec.segment }),
    ...Object.fromEntries(effects),
    places: places.map((place) => planPlace(name, place, spec.segment !== undefined)),
  };
}

function planPlace(name: string, place: ResolvedPlace, oneSegment: boolean): ImpairedPlacePlan {
  const { host, number, way } = place;
  const device = impairmentDevice(name, number);
  if (place.container === undefined) {
    const { remote } = place;
    const address = addressText(remote.address);
    const packets = packetsTo(place, oneSegment);
    return { host, device, direction: way, remote: { host: remote.host, address }, packets };
  }
  const { container, nic, vlan } = place;
  const port = { container, interface: nicName(nic), veth: vethName(container, nic) };
  return { host, device, direction: way, port: vlan === undefined ? port : { ...port, vlan } };
}

/**
 * The packets on the underlay that carry frames from one host to another. Whatever changes how frames get there, such as an encryption
 * below the tunnels, changes this function and nothing else.
 */
function packetsTo({ remote, segments }: LinkPlace, oneSegment: boolean): TunnelPacketsPlan[] {
  if (remote.sealed !== undefined) return [{ address: addressText(remote.address), udpPort: remote.sealed }];
  const all = segments.flatMap(({ group, udpPort, vni }) => {
    const to = [remote.address, ...(group === undefined ? [] : [group])].map(addressText);
    return to.map((address) => ({ address, udpPort, ...(oneSegment ? { vni } : {}) }));
  });
  return [...new Map(all.map((one) => [`${one.address} ${one.udpPort}`, one])).values()];
}

/** "kvm1 ↔ kvm2", "kvm1 → kvm2", "c1", "to c1", "from c1 eth1", with ", segment red". */
function whereText({ spec, places }: ResolvedImpairment): string {
  const segment = spec.segment === undefined ? "" : `, segment ${spec.segment}`;
  const ways = [...new Set(places.map(({ way }) => way))];
  if (spec.between !== undefined) {
    const [first, second] = spec.between;
    const [way] = ways;
    const arrow =
      ways.length > 1
        ? `${first} ↔ ${second}`
        : way === Direction.In
          ? `${second} → ${first}`
          : `${first} → ${second}`;
    return `${arrow}${segment}`;
  }
  const box = [spec.container, ...(spec.interface === undefined ? [] : [spec.interface])].join(" ");
  const side = ways.length > 1 ? "" : ways[0] === Direction.In ? "to " : "from ";
  return `${side}${box}${segment}`;
}
