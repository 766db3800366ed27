import { forwarding } from "../../components/container/resolve-sysctls";
import { linkLocal } from "../../components/port-security/plan";
import type { LabOutput } from "../../plan/contract";
import type { ContainerPlan } from "../../plan/types";
import type { Check, CheckKind } from "../check";
import type { Ping, PingFacts } from "../evidence/pings";
import { between, betweenFirst, onPing } from "../packets";
import { ipOf, isIpv6, segmentsOf, strangers } from "../pairs";
import type { End, OwnAddresses, Pair } from "../pairs";

/**
 * A container gets no answer from one in another segment, not even to ARP. If a container of the lab routes, an echo reply may come through
 * it: then only ARP and neighbour discovery count.
 */
export const isolation: CheckKind = {
  about: "packet",
  of: (lab) =>
    strangers(segmentsOf(lab), (segment) => ownAddresses(lab, segment)).map((pair) =>
      isolationCheck(pair, lab.containers.some(isRouter)),
    ),
};

const isRouter = ({ sysctls = [] }: ContainerPlan): boolean => forwarding(sysctls).length > 0;

function isolationCheck(pair: Pair, isRouted: boolean): Check {
  const { from, to } = pair;
  const asked = onLink(to);
  const segments = betweenFirst(pair) ? [] : [from.segment, to.segment];
  const ping: Ping = {
    name: ["isolation", from.name, to.name, ...segments].join("/"),
    ...between(from, asked),
    mode: "isolated",
  };
  return {
    ...{ kind: "isolation", name: ping.name, host: ping.host },
    expected: `${to.name} (${asked}, segment ${to.segment}) is out of reach of ${from.name} (${from.segment})`,
    where: `./vxlab exec ${from.name} -- ${isIpv6(asked) ? "ping" : "arping"} -c 3 -I ${from.nic} ${asked}`,
    needs: ["containers"],
    ping,
    judge: (facts, evidence) =>
      onPing(ping, facts, evidence, (found) => {
        const leak = leakOf(found, isRouted);
        return { ok: leak === undefined, got: leak ?? "no answer" };
      }),
    // An answer that must not come has been seen, so trying again is pointless.
    doubt: ({ ok }, { pings }) =>
      ok || (pings.get(ping.name)?.fate ?? "not sent") !== "not sent" ? undefined : ping,
  };
}

/** An address that can be asked for on the wire. Of IPv6 addresses outside the container's routes, only the link-local one can. */
function onLink(end: End): string {
  const address = ipOf(end);
  return isIpv6(address) ? linkLocal(end.mac) : address;
}

function leakOf({ neighbour, fate }: PingFacts, isRouted: boolean): string | undefined {
  if (neighbour !== undefined) return `${neighbour} answers`;
  return fate === "answered" && !isRouted ? "the ping is answered" : undefined;
}

/**
 * Addresses in a segment that do not belong to this lab's containers: those that hosts have or lend, and whether other owners may be in it.
 */
function ownAddresses(lab: LabOutput, segment: string): OwnAddresses {
  const members = lab.hosts.filter(({ ports }) => ports.some((port) => port.segment === segment));
  const services = lab.services.filter((service) => service.segment === segment);
  const names = new Set(lab.hosts.map(({ name }) => name));
  return {
    // A bridge's address counts for every segment of its host, since the output does not say which one is untagged.
    taken: [
      ...services.flatMap(({ addresses }) => addresses),
      ...members.flatMap(({ bridge }) => bridge.address ?? []),
    ],
    lent: services.flatMap(({ dhcp }) => dhcp ?? []),
    open: members.some(({ ports }) =>
      ports.some(
        ({ tunnels, ...port }) => port.segment === segment && tunnels.some((one) => !names.has(one.host)),
      ),
    ),
  };
}
