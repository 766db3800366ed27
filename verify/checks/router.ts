import type { HostOutput, LabOutput } from "../../plan/contract";
import type { RouterPlan } from "../../plan/types";
import { endpointOf } from "../../components/encryption/endpoint";
import type { Check, CheckKind } from "../check";

/** BGP sessions of a host: with the route reflectors, and of a reflector with all others. */
export const router: CheckKind = {
  about: "host",
  of: (lab) =>
    lab.hosts.flatMap((host) => (host.router === undefined ? [] : [routerCheck(lab, host, host.router)])),
};

function routerCheck(lab: LabOutput, host: HostOutput, own: RouterPlan): Check {
  const { name } = host;
  const wanted = sessionsOf(lab, host, own);
  const far = own.neighbours.filter(({ as }) => as !== own.as);
  return {
    kind: "router",
    name: `router/${name}`,
    host: name,
    expected: `BGP sessions with ${[...wanted.keys()].join(", ") || "nobody"}, AS ${own.as}`,
    where: `./vxlab ssh ${name} -- vtysh -N vxlab -c "show bgp l2vpn evpn summary"`,
    needs: ["evpn"],
    judge({ sessions }) {
      if (sessions === undefined) return { ok: false, got: "not reported by the host" };
      const missing = [...wanted].filter(([, address]) => !sessions.includes(address)).map(([one]) => one);
      // Another owner's may not be deployed.
      const aside = far.filter(({ address }) => !sessions.includes(address)).map(({ host: one }) => one);
      const note = aside.length === 0 ? "" : `; none with ${aside.join(", ")}, which another owner deploys`;
      if (missing.length > 0) return { ok: false, got: `no BGP session with ${missing.join(", ")}${note}` };
      return { ok: true, got: `${wanted.size + far.length - aside.length} BGP sessions${note}` };
    },
  };
}

/** Addresses by host. */
function sessionsOf({ hosts }: LabOutput, host: HostOutput, own: RouterPlan): Map<string, string> {
  const reflectors = own.neighbours.filter(({ as }) => as === own.as);
  const clients = own.reflector ? hosts.filter((one) => one !== host && one.router !== undefined) : [];
  return new Map([
    ...reflectors.map((one): [string, string] => [one.host, one.address]),
    ...clients.map((one): [string, string] => [one.name, endpointOf(one)]),
  ]);
}
