import { ConnectivityKind } from "../../components/connectivity/spec";
import { PortProtocol } from "../../components/container/spec-inside";
import type { HostOutput } from "../../plan/contract";
import type { CheckFacts, ContainerPlan } from "../../plan/types";
import type { Check, CheckKind } from "../check";
import { hostsNamed } from "../things";

/** Each TCP port of a host that leads to a container is accepted there: the host itself connects to its own address. */
export const published: CheckKind = {
  about: "packet",
  of: (lab) =>
    lab.containers.flatMap((box) => {
      const tcp = (box.ports ?? []).filter(({ protocol }) => protocol === PortProtocol.Tcp);
      const [host] = hostsNamed(lab, box.host);
      return host === undefined ? [] : tcp.map(({ port, to }) => portCheck(host, box, port, to));
    }),
};

/** Seconds to wait, since a program that has just started may not listen yet. */
const WITHIN = 10;

function portCheck(
  { name: host, address }: HostOutput,
  { name: box }: ContainerPlan,
  port: number,
  to: number,
): Check {
  const tries: CheckFacts = {
    // Used in the id of the request; checks of the settings have no dot in theirs.
    ...{ name: `port.${box}.${port}`, host, from: "", to: address, kind: ConnectivityKind.Tcp, port },
    ...{ reach: true, within: WITHIN },
  };
  return {
    ...{ kind: "published", name: `port/${box}/${port}`, host, needs: [], tries },
    expected: `port ${port} of ${host} leads to port ${to} of ${box}`,
    where: `nc -z ${address} ${port} on another host; ./vxlab ssh ${host} -- nft list ruleset`,
    judge: (_, { tried }) => tried?.get(tries.name) ?? { ok: false, got: `${host} has not tried it` },
  };
}
