import type { HostOutput, LabOutput, PortOutput } from "../../plan/contract";
import { endpointOf } from "../../components/encryption/endpoint";
import { evpnDevices } from "../../plan/names";
import { Flooding } from "../../plan/types";
import type { Check, CheckKind } from "../check";
import type { EvpnFacts, PortFacts } from "../evidence/facts";
import { isShared, placeOf } from "../../components/segment/port";
import { packetsText, vlanFault } from "../on-port";
import { stationsIn } from "../stations";

/** What a host has learned of a segment by BGP: every other host is in its flood list, every planned MAC leads to its host's VTEP. */
export const evpn: CheckKind = {
  about: "host",
  of: (lab) =>
    lab.hosts.flatMap((host) =>
      host.ports
        .filter(({ flooding }) => flooding === Flooding.Evpn)
        .map((port) => evpnCheck(lab, host, port)),
    ),
};

/** What a host must have learned of a segment. */
interface Wanted {
  /** VTEP by name, of the other hosts. */
  others: ReadonlyMap<string, string>;
  /** VTEP by MAC, of the stations there. */
  far: ReadonlyMap<string, string>;
  /** MACs of its own stations. */
  own: readonly string[];
}

function evpnCheck(lab: LabOutput, host: HostOutput, port: PortOutput): Check {
  const { name } = host;
  const { tunnel, port: inner } = evpnDevices(port.vni);
  const wanted = wantedOf(lab, host, port);
  const { others, far } = wanted;
  return {
    kind: "evpn",
    name: `evpn/${name}/${port.segment}`,
    host: name,
    expected: `${others.size} other hosts in the flood list, ${far.size} stations behind their VTEPs`,
    where: `./vxlab ssh ${name} -- bridge fdb show dev ${tunnel}`,
    needs: ["switch", "evpn"],
    judge({ evpn: known, ports }) {
      const found = known?.get(tunnel);
      if (found === undefined) return { ok: false, got: "not reported by the host" };
      const fault = faultOf(wanted, found) ?? portFault(host, port, inner, ports?.get(inner));
      const counters = ports?.get(inner);
      const got = `${found.flood.length} hosts in the flood list, ${found.far.size} remote MACs${counters === undefined ? "" : packetsText(counters)}`;
      return fault === undefined ? { ok: true, got } : { ok: false, got: fault };
    },
    repairs: () => [{ kind: "port", key: String(port.vni) }],
  };
}

function wantedOf(lab: LabOutput, host: HostOutput, { segment }: PortOutput): Wanted {
  const vteps = new Map(lab.hosts.map((one) => [one.name, endpointOf(one)]));
  const members = lab.hosts.filter(({ ports }) => ports.some((port) => port.segment === segment));
  const stations = stationsIn(lab, segment);
  return {
    others: new Map(members.filter((one) => one !== host).map((one) => [one.name, endpointOf(one)])),
    far: new Map(
      stations
        .filter((station) => station.host !== host.name)
        .flatMap(({ mac, host: at }): [string, string][] => {
          const vtep = vteps.get(at);
          return vtep === undefined ? [] : [[mac, vtep]];
        }),
    ),
    own: stations.filter((station) => station.host === host.name).map(({ mac }) => mac),
  };
}

/** Additional entries are from another owner, or of a station that the bridge has learned. */
function faultOf({ others, far, own }: Wanted, found: EvpnFacts): string | undefined {
  const missing = [...others].filter(([, vtep]) => !found.flood.includes(vtep)).map(([name]) => name);
  const lost = [...far].filter(([mac]) => !found.far.has(mac)).map(([mac]) => mac);
  const misled = [...far].flatMap(([mac, vtep]) => {
    const at = found.far.get(mac);
    return at === undefined || at === vtep ? [] : [`MAC ${mac} is behind VTEP ${at} instead of ${vtep}`];
  });
  const silent = own.filter((mac) => !found.own.includes(mac));
  const words = [
    ...(missing.length === 0 ? [] : [`missing from the flood list: ${missing.join(", ")}`]),
    ...misled,
    ...(lost.length === 0 ? [] : [`no BGP route for MAC ${lost.join(", ")}`]),
    ...(silent.length === 0 ? [] : [`not advertised to other hosts: MAC ${silent.join(", ")}`]),
  ];
  return words.length === 0 ? undefined : words.join("; ");
}

function portFault(
  host: HostOutput,
  port: PortOutput,
  name: string,
  found: PortFacts | undefined,
): string | undefined {
  if (found === undefined || found.ofport < 0) return `port ${name} is not on the bridge`;
  return vlanFault(name, found, placeOf(host, port), isShared(host));
}
