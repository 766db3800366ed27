import { checkEncryption } from "../components/encryption/check";
import { checkPorts } from "../components/container/ports";
import { checkHosts } from "../components/host/check";
import { checkSegments } from "../components/segment/check";
import { checkServices } from "../components/service/check";
import { checkUnderlays } from "../components/underlay/check";
import { checkAddresses } from "./check-addresses";
import { checkInterfaceNames, checkMacs } from "./check-unique";
import type { Problem } from "./problem";
import type { ResolvedLab } from "./resolved";
import { checkResourceNames } from "./resource-names";
import { acrossSections } from "./sections";

/** The second phase of a plan: problems between things that are valid each by itself. */
export function check(lab: ResolvedLab): Problem[] {
  return [
    ...checkUnderlays(lab),
    ...checkEncryption(lab),
    ...checkHosts(lab),
    ...checkSegments(lab),
    ...checkServices(lab),
    ...checkPorts(lab),
    ...acrossSections((section) => section.check?.(lab)),
    ...checkAddresses(lab),
    ...checkInterfaceNames(lab),
    ...checkMacs(lab),
    ...checkResourceNames(lab),
  ];
}
