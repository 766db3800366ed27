import type { HostOutput, LabOutput } from "../../plan/contract";
import { serviceName } from "../../plan/names";
import type { ServicePlan } from "../../plan/types";
import type { Check, CheckKind, Verdict } from "../check";
import { serviceDrift } from "../drift";
import type { HostFacts } from "../evidence/facts";
import { onNic } from "../on-nic";
import { vlanFault } from "../on-port";
import { hostsNamed } from "../things";

/** The interface of a segment's DHCP server and gateway, its port, its NAT rules and its dnsmasq. */
export const service: CheckKind = {
  about: "thing",
  of: (lab) =>
    lab.services.flatMap((plan) => hostsNamed(lab, plan.host).map((host) => serviceCheck(lab, plan, host))),
};

function serviceCheck(lab: LabOutput, plan: ServicePlan, on: HostOutput): Check {
  const { host, device, mac, mtu, addresses } = plan;
  return {
    kind: "service",
    name: `service/${serviceName(plan)}`,
    host,
    expected: [`${device} ${mac}, MTU ${mtu}, ${addresses.join(" ")}`, ...does(plan)].join(", "),
    where: `./vxlab ssh ${host} -- ip address show dev ${device}`,
    needs: ["links", "switch", "kept", "drift"],
    judge: (facts) => onService(lab.id, plan, on.bridge.name, facts),
    repairs: () => [{ kind: "service", key: device }],
  };
}

const does = ({ nat, nat6, dhcp }: ServicePlan): string[] => [
  ...(nat ? ["NAT"] : []),
  ...(nat6 === true ? ["IPv6 NAT"] : []),
  ...(dhcp === undefined ? [] : ["DHCP"]),
];

function onService(lab: string, plan: ServicePlan, bridge: string, facts: HostFacts): Verdict {
  const { device, vlan = 0 } = plan;
  const nic = facts.services.get(device);
  if (nic === undefined)
    return { ok: false, got: facts.trouble.get(`service ${device}`) ?? `${device} is missing` };
  const { ok, got } = onNic(nic, plan);
  if (!ok) return { ok, got: `${device} ${got}` };
  const port = facts.ports?.get(device);
  if (port === undefined) return { ok: false, got: `${device} is not on the bridge` };
  const fault = vlanFault(device, port, { bridge, vlans: vlan }, true);
  if (fault !== undefined) return { ok: false, got: fault };
  const drift = serviceDrift({ lab, device }, facts);
  if (!drift.ok && does(plan).length > 0) return drift;
  return { ok, got: [`${device} ${got}`, ...does(plan)].join(", ") };
}
