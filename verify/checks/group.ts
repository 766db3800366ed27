import type { HostOutput, PortOutput } from "../../plan/contract";
import type { Check, CheckKind, Verdict } from "../check";
import type { HostFacts, VxlanFacts } from "../evidence/facts";
import { packetsText, vlanFault } from "../on-port";
import { isShared, placeOf } from "../../components/segment/port";
import { WAYS } from "../../components/segment/ways";

/** The kernel's VXLAN device of a multicast group, plugged into the bridge. */
export const group: CheckKind = {
  about: "host",
  of: ({ hosts }) =>
    hosts.flatMap((host) =>
      host.ports.flatMap((port) => {
        const device = WAYS[port.flooding].device?.(port.vni);
        return device === undefined || port.tunnels.length === 0 ? [] : [groupCheck(host, port, device)];
      }),
    ),
};

type Group = Pick<VxlanFacts, "vni" | "udpPort" | "group"> & {
  /** Undefined: the lab's output does not say. */
  ttl?: number;
};

function groupCheck(host: HostOutput, port: PortOutput, device: string): Check {
  const { vni, udpPort, group: address = "", ttl } = port;
  const wanted: Group = { vni, udpPort, group: address, ...(ttl === undefined ? {} : { ttl }) };
  return {
    kind: "group",
    name: `tunnel/${host.name}/${device}`,
    host: host.name,
    expected: `${groupText(wanted)}, on the bridge`,
    where: `./vxlab ssh ${host.name} -- ip -d link show dev ${device}`,
    needs: ["links", "switch"],
    judge(facts) {
      const verdict = onDevice(device, wanted, facts);
      return verdict.ok ? onPort(host, port, device, facts, verdict.got) : verdict;
    },
    repairs: () => [{ kind: "port", key: String(vni) }],
  };
}

function onDevice(device: string, wanted: Group, facts: HostFacts): Verdict {
  const found = facts.vxlans?.get(device);
  if (found === undefined)
    return { ok: false, got: facts.trouble.get("vxlan") ?? "the device does not exist" };
  const { ttl, ...rest } = found;
  const seen = groupText(wanted.ttl === undefined ? rest : { ...rest, ttl });
  return { ok: found.up && seen === groupText(wanted), got: `${seen}${found.up ? "" : ", down"}` };
}

function onPort(
  host: HostOutput,
  port: PortOutput,
  device: string,
  { ports }: HostFacts,
  got: string,
): Verdict {
  const found = ports?.get(device);
  if (found === undefined || found.ofport < 0) return { ok: false, got: `${got}, not on the bridge` };
  const fault = vlanFault(device, found, placeOf(host, port), isShared(host));
  if (fault !== undefined) return { ok: false, got: fault };
  return { ok: true, got: `${got}, ofport ${found.ofport}${packetsText(found)}` };
}

function groupText({ vni, udpPort, group: address, ttl }: Group): string {
  const hops = ttl === undefined ? "" : `, TTL ${ttl}`;
  return `VNI ${vni}, group ${address}, UDP ${udpPort}${hops}`;
}
