/** Which impairments a ping passes in each direction, and their effect on it. */
import { EVERY, readEffects } from "../components/impairment/effects";
import type { Netem } from "../components/impairment/effects";
import type { LabOutput } from "../plan/contract";
import type { ImpairedPlacePlan, ImpairmentPlan } from "../plan/types";
import type { Ping } from "./evidence/pings";
import { commonAddresses, endsOf, segmentsOf } from "./pairs";
import type { End, Pair } from "./pairs";

/** An impairment on the way of a ping. */
interface Crossed {
  name: string;
  netem: Netem;
}

/** The impairments that a ping passes. */
export interface Crossing {
  there: readonly Crossed[];
  back: readonly Crossed[];
}

interface Place extends ImpairedPlacePlan {
  impairment: ImpairmentPlan;
}

/** A container's interface, or a host's own in a segment. */
type Stop = Pick<End, "host" | "segment"> & Partial<Pick<End, "name" | "nic">>;

export function crossingOf(lab: LabOutput, ping: Pick<Ping, "from" | "nic" | "to">): Crossing {
  const from = lab.containers.flatMap(endsOf).find(({ name, nic }) => name === ping.from && nic === ping.nic);
  if (from === undefined) return { there: [], back: [] };
  const to = stopAt(lab, from.segment, ping.to);
  return { there: crossed(lab, from, to), back: to === undefined ? [] : crossed(lab, to, from) };
}

/** What a packet from one host to another in a tunnel of a segment passes, and one back. */
export function tunnelCrossed(lab: LabOutput, segment: string, from: string, to: string): Crossed[] {
  const [one, other] = [from, to].map((host): Stop => ({ host, segment })) as [Stop, Stop];
  return [...crossed(lab, one, other), ...crossed(lab, other, one)];
}

/** Undefined: not in the segment, such as what is beyond a gateway. */
function stopAt({ containers, services }: LabOutput, segment: string, address: string): Stop | undefined {
  const has = (addresses: readonly string[]) => addresses.some((one) => one.split("/")[0] === address);
  const box = containers.flatMap(endsOf).find((end) => end.segment === segment && has(end.addresses));
  return box ?? services.find((service) => service.segment === segment && has(service.addresses));
}

function crossed(lab: LabOutput, from: Stop, to: Stop | undefined): Crossed[] {
  const places = (lab.impairments ?? []).flatMap((impairment) =>
    impairment.places.map((place): Place => ({ ...place, impairment })),
  );
  const hosts = to === undefined ? [from.host] : hostsBetween(lab, from, to);
  const links = hosts
    .slice(1)
    .map((host, i) =>
      places.filter(
        ({ host: at, remote, impairment: { segment = from.segment } }) =>
          at === hosts[i] && remote?.host === host && segment === from.segment,
      ),
    );
  return [onPort(places, from, "out"), ...links, onPort(places, to, "in")].flatMap(narrowest);
}

/** From spoke to spoke by the hub. */
function hostsBetween({ hosts }: LabOutput, from: Stop, to: Stop): string[] {
  if (from.host === to.host) return [from.host];
  const port = hosts
    .find(({ name }) => name === from.host)
    ?.ports.find(({ segment }) => segment === from.segment);
  const direct = port === undefined || port.tunnels.some(({ host }) => host === to.host);
  const hub = port?.tunnels[0]?.host;
  return direct || hub === undefined ? [from.host, to.host] : [from.host, hub, to.host];
}

function onPort(places: readonly Place[], stop: Stop | undefined, direction: string): Place[] {
  const [nic, vlan] = (stop?.nic ?? "").split(".");
  return places.filter(
    ({ port, direction: way }) =>
      port !== undefined &&
      way === direction &&
      port.container === stop?.name &&
      port.interface === nic &&
      (port.vlan === undefined || String(port.vlan) === vlan),
  );
}

/** An impairment of one segment applies instead of one of all segments (components/impairment/plug.sh). */
function narrowest(places: readonly Place[]): Crossed[] {
  const narrow = places.find(({ impairment, port }) =>
    port === undefined ? impairment.segment !== undefined : port.vlan !== undefined,
  );
  const found = narrow ?? places[0];
  if (found === undefined) return [];
  const { impairment } = found;
  return [{ name: impairment.name, netem: readEffects(impairment, (key) => key).netem }];
}

/** Below this share of answers, nothing is proven within a minute. */
export const LEAST_ARRIVALS = 0.2;

/** The first two containers whose round trip passes such an impairment and that get enough answers. */
export function pairThrough(
  lab: LabOutput,
  isWanted: (one: Crossed, crossing: Crossing) => boolean,
): (Pair & { address: string }) | undefined {
  for (const ends of segmentsOf(lab))
    for (const from of ends)
      for (const to of ends.filter((one) => one !== from)) {
        const [address] = commonAddresses(from, to);
        if (address === undefined) continue;
        const crossing = crossingOf(lab, { from: from.name, nic: from.nic, to: address });
        const all = [...crossing.there, ...crossing.back];
        if (all.some((one) => isWanted(one, crossing)) && arrivalShare(all) >= LEAST_ARRIVALS)
          return { from, to, address };
      }
  return undefined;
}

const sum = (all: readonly Crossed[], of: (netem: Netem) => number): number =>
  all.reduce((total, { netem }) => total + of(netem), 0);

/** The shortest round trip, microseconds. */
export function leastTrip({ there, back }: Crossing): number {
  return sum([...there, ...back], ({ delay, jitter, reorder }) => (reorder > 0 ? 0 : delay - jitter));
}

/** The longest round trip of a packet that does not wait behind another, microseconds. */
export function mostTrip({ there, back }: Crossing, bytes: number): number {
  const sending = (rate: number) => (rate === 0 ? 0 : (bytes * 8 * 1_000_000) / rate);
  return sum([...there, ...back], ({ delay, jitter, rate }) => delay + jitter + sending(rate));
}

/** The share of packets that arrive, 0 to 1. */
export function arrivalShare(all: readonly Crossed[]): number {
  return all.reduce((left, { netem }) => left * (1 - netem.loss / EVERY) * (1 - netem.corrupt / EVERY), 1);
}
