import type { LabOutput } from "../../plan/contract";
import { serviceName } from "../../plan/names";
import type { ContainerPlan, InterfacePlan, ServicePlan } from "../../plan/types";
import type { Check, CheckKind, Evidence } from "../check";
import { serviceDrift } from "../drift";
import type { ServiceRef } from "../drift";
import type { Ping } from "../evidence/pings";
import { pingCheck } from "../packets";
import { isIpv6 } from "../pairs";

/**
 * Pings one hop beyond each gateway, because a gateway's own address answers even if its host forwards nothing. A container with that
 * default route pings the hypervisor's address in the underlay, or another host if the plan has no underlay.
 */
export const beyond: CheckKind = {
  about: "packet",
  of: (lab) =>
    lab.services.flatMap((service) => [
      ...(service.nat ? beyondChecks(lab, service, false) : []),
      ...(service.nat6 === true ? beyondChecks(lab, service, true) : []),
    ]),
};

function beyondChecks(lab: LabOutput, service: ServicePlan, six: boolean): Check[] {
  const { segment, host, device } = service;
  const led = ({ gateway, dhcp }: InterfacePlan): boolean =>
    gateway === undefined ? dhcp && service.further !== true : has(service, gateway);
  const [first] = lab.containers.flatMap((box) => {
    const nic = box.interfaces.find(
      (one) => one.segment === segment && (six ? isLed6(box, service) : led(one)),
    );
    return nic === undefined ? [] : [{ from: box.name, host: box.host, nic: nic.name }];
  });
  const to = nextHop(lab, host, six);
  if (first === undefined || to === undefined) return [];
  const ping: Ping = {
    name: `beyond/${serviceName(service)}${six ? "/ipv6" : ""}`,
    ...first,
    to,
    mode: "reach",
  };
  const expected = `${to}, one hop beyond the gateway on ${host}, answers ${first.from}`;
  const check = pingCheck("beyond", ping, expected);
  return [
    {
      ...check,
      needs: [...check.needs, "links", "kept", "drift"],
      judge(facts, evidence) {
        const verdict = check.judge(facts, evidence);
        const why = verdict.ok ? undefined : inTheWay(host, { lab: lab.id, device }, evidence);
        return why === undefined ? verdict : { ok: false, got: `${verdict.got}; ${why}` };
      },
    },
  ];
}

/** Its IPv6 default route leads to the gateway. */
function isLed6({ routes = [] }: ContainerPlan, service: ServicePlan): boolean {
  return routes.some(({ to, via }) => to === "::/0" && has(service, via));
}

const has = ({ addresses }: ServicePlan, address: string): boolean =>
  addresses.some((one) => one.startsWith(`${address}/`));

function nextHop({ hosts, underlays }: LabOutput, gateway: string, six: boolean): string | undefined {
  const own = hosts.find(({ name }) => name === gateway);
  const underlay = underlays.find(({ name }) => name === own?.underlay);
  const other = hosts.find(({ name, address }) => name !== gateway && isIpv6(address) === six);
  const address = underlay?.gateway ?? other?.address;
  return address === undefined || isIpv6(address) !== six ? undefined : address;
}

/** The state of the gateway on its host. */
function inTheWay(host: string, service: ServiceRef, { hosts }: Evidence): string | undefined {
  const found = hosts.get(host);
  const own = found !== undefined && "facts" in found ? found.facts : undefined;
  const drift = own === undefined ? undefined : serviceDrift(service, own);
  return drift === undefined || drift.ok ? undefined : drift.got;
}
