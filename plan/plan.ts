/** A lab, decided: resolve → check → plan. */
import { planContainer } from "../components/container/plan";
import { planHosts } from "../components/host/plan";
import { planServices } from "../components/service/plan";
import { addressText } from "./addresses";
import { check } from "./check";
import { TopologyError } from "./errors";
import { labHints } from "./hints";
import type { LabPlan, UnderlayPlan } from "./lab-plan";
import type { Problem } from "./problem";
import { resolve } from "./resolve";
import type { LabIdentity, Sections } from "./resolve";
import type { ResolvedLab, ResolvedUnderlay } from "./resolved";

/**
 * Decides the whole lab. Same input, same plan; whatever is computed for a thing depends on that thing alone.
 *
 * @param raw the settings, of any form
 * @throws TopologyError with everything that is wrong
 */
export function planLab(raw: Sections, identity: LabIdentity): LabPlan {
  return plan(soundLab(raw, identity));
}

/**
 * The first two phases.
 *
 * @throws TopologyError with everything that is wrong, `others` first
 */
export function soundLab(raw: Sections, identity: LabIdentity, others: readonly Problem[] = []): ResolvedLab {
  const { lab, problems } = checkedLab(raw, identity);
  const all = [...others, ...problems];
  if (all.length > 0) throw new TopologyError(all);
  return lab;
}

/** The first two phases, with everything that is wrong. A lab that has problems cannot be planned. */
export function checkedLab(raw: Sections, identity: LabIdentity): { lab: ResolvedLab; problems: Problem[] } {
  const { lab, problems } = resolve(raw, identity);
  return { lab, problems: [...problems, ...check(lab)] };
}

/** The third phase. */
export function plan(lab: ResolvedLab): LabPlan {
  const containers = lab.containers.map(planContainer);
  const services = planServices(lab);
  return {
    family: lab.underlays.family,
    underlays: lab.underlays.used.map(planUnderlay),
    image: lab.image,
    hosts: planHosts(lab, containers, services),
    containers,
    services,
    hints: labHints(lab),
  };
}

function planUnderlay({ name, subnet, gateway, mtu, mode, ...more }: ResolvedUnderlay): UnderlayPlan {
  const { libvirtUri, accel, nameservers } = more;
  const { cidr, prefix } = subnet;
  return {
    ...{ name, cidr, prefix, gateway: addressText(gateway), mtu, mode },
    nameservers: nameservers.map(addressText),
    ...(libvirtUri === undefined ? {} : { libvirtUri }),
    ...(accel === undefined ? {} : { accel }),
  };
}
