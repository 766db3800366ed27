import { checkAddresses } from "./check-addresses";
import { checkContainers } from "./check-containers";
import { checkHosts } from "./check-hosts";
import { checkSegments } from "./check-segments";
import { checkImage, checkUnderlay } from "./check-underlay";
import { checkInterfaceNames, checkMacs } from "./check-unique";
import type { Problem, Topology } from "./types";

/**
 * Everything that is wrong with a topology. Values may be of any type (they come from YAML or from other languages);
 * hosts, segments, containers and each of their entries must be objects.
 *
 * @param lab with it, computed MAC addresses are checked for collisions too; without it, the written ones alone
 */
export function checkLab(topology: Topology, lab?: string): Problem[] {
  return [
    ...checkUnderlay(topology),
    ...checkImage(topology),
    ...checkHosts(topology),
    ...checkSegments(topology),
    ...checkContainers(topology),
    ...checkAddresses(topology),
    ...checkInterfaceNames(topology),
    ...checkMacs(topology, lab),
  ];
}
