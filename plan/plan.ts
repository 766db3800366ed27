/** A lab, decided: resolve → check → plan. */
import { boxMtu } from "../components/chain/plan";
import { planContainer } from "../components/container/plan";
import { planHosts } from "../components/host/plan";
import { planServices } from "../components/service/plan";
import { addressText } from "./addresses";
import { check } from "./check";
import { TopologyError } from "./errors";
import { labHints } from "./hints";
import type { LabPlan, UnderlayPlan } from "./lab-plan";
import { memoized } from "./memoized";
import type { Problem } from "./problem";
import { resolve } from "./resolve";
import type { LabIdentity, Others, Sections } from "./resolve";
import type { ResolvedLab, ResolvedUnderlay } from "./resolved";
import { ofSections } from "./sections";

/**
 * Decides the whole lab. The same input gives the same plan; a computed value of a thing depends on that thing only.
 *
 * @param raw the settings, of any form
 * @throws TopologyError with everything that is wrong
 * @example
 * ```ts
 * const plan = planLab({ hosts: { kvm1: { address: "192.168.10.11" } } }, { lab: "demo" });
 * const bridges = plan.hosts.map(({ bridge }) => bridge.mac);
 * ```
 */
export function planLab(raw: Sections, identity: LabIdentity): LabPlan {
  const { lab, problems } = checkedLab(raw, identity);
  if (problems.length > 0) throw new TopologyError(problems);
  return plan(lab);
}

/** The first two phases, with everything that is wrong. A lab that has problems cannot be planned. */
export function checkedLab(
  raw: Sections,
  identity: LabIdentity,
  others?: Others,
): { lab: ResolvedLab; problems: Problem[] } {
  const { lab, problems } = resolve(raw, identity, others);
  return { lab, problems: [...problems, ...check(lab)] };
}

/** The third phase. */
export function plan(lab: ResolvedLab): LabPlan {
  const mtuOf = boxMtu(lab);
  const containers = lab.containers.map((container) => planContainer(container, mtuOf));
  const services = planServices(lab);
  const underlayOf = memoized(planUnderlay);
  const ground = {
    family: lab.underlays.family,
    underlays: lab.underlays.used.map(underlayOf),
    hosts: planHosts(lab, { underlayOf, containers, services }),
    containers,
    services,
  };
  return {
    ...ground,
    ...ofSections<"plans">((section, _, before) => section.plan(lab, { ...ground, ...before })),
    image: lab.image,
    hints: labHints(lab),
    ...(lab.evpn.spec === undefined
      ? {}
      : { evpn: { as: lab.evpn.as, reflectors: [...lab.evpn.reflectors] } }),
  };
}

function planUnderlay({ name, subnet, gateway, mtu, mode, ...more }: ResolvedUnderlay): UnderlayPlan {
  const { libvirtUri, accel, nameservers, encryption } = more;
  const tunnelCidr = encryption?.network?.cidr;
  const { cidr, prefix } = subnet;
  return {
    ...{ name, cidr, prefix, gateway: addressText(gateway), mtu, mode },
    nameservers: nameservers.map(addressText),
    ...(libvirtUri === undefined ? {} : { libvirtUri }),
    ...(accel === undefined ? {} : { accel }),
    ...(tunnelCidr === undefined ? {} : { tunnelCidr }),
  };
}
