/** From a plan to the arguments of Impairment. */
import type { ImpairedPlacePlan, ImpairmentPlan } from "../../plan/lab-plan";
import { EFFECT_KEYS } from "./effects";
import type { ImpairmentEffects } from "./spec";

/** @param places those on one host */
export function impairmentArgs(plan: ImpairmentPlan, places: readonly ImpairedPlacePlan[]) {
  const { name: impairment, where } = plan;
  const effects = Object.fromEntries(
    EFFECT_KEYS.flatMap((key) => (plan[key] === undefined ? [] : [[key, plan[key]]])),
  );
  return { impairment, where, ...(effects as ImpairmentEffects), ...placesArgs(places) };
}

function placesArgs(places: readonly ImpairedPlacePlan[]) {
  const links = places.flatMap(({ device, remote, packets = [] }) =>
    remote === undefined ? [] : [{ device, remote: remote.address, packets }],
  );
  const ports = places.flatMap(({ device, direction, port }) => {
    if (port === undefined) return [];
    const { veth, vlan } = port;
    return [{ device, veth, direction, ...(vlan === undefined ? {} : { vlan }) }];
  });
  return { ...(links.length === 0 ? {} : { links }), ...(ports.length === 0 ? {} : { ports }) };
}
