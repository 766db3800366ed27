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
 * A container gets no answer from one in another segment, not even to ARP. Where a container of the lab routes, an echo reply may have
 * come through it: then only ARP and neighbour discovery tell.
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
    // An answer where none may come has been seen: asking again does not undo that.
    doubt: ({ ok }, { pings }) =>
      ok || (pings.get(ping.name)?.fate ?? "not sent") !== "not sent" ? undefined : ping,
  };
}

/** An address that is asked for on the wire: an IPv6 one beyond the container's routes is not, but for the link-local one. */
function onLink(end: End): string {
  const address = ipOf(end);
  return isIpv6(address) ? linkLocal(end.mac) : address;
}

function leakOf({ neighbour, fate }: PingFacts, isRouted: boolean): string | undefined {
  if (neighbour !== undefined) return `${neighbour} answers`;
  return fate === "answered" && !isRouted ? "the ping is answered" : undefined;
}

/** What hosts have or lend in a segment, and whether others may be in it: none of it is a container's of this lab. */
function ownAddresses(lab: LabOutput, segment: string): OwnAddresses {
  const members = lab.hosts.filter(({ ports }) => ports.some((port) => port.segment === segment));
  const services = lab.services.filter((service) => service.segment === segment);
  const names = new Set(lab.hosts.map(({ name }) => name));
  return {
    // An address of a bridge counts for every segment of its host: the output does not say which one is untagged.
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
