import { checkAddresses } from "./check-addresses";
import { checkContainers } from "../components/container/check";
import { checkFlooding } from "../components/segment/check-flooding";
import { checkHosts } from "../components/host/check";
import { checkPortSecurity } from "../components/port-security/check";
import { checkSegments } from "../components/segment/check";
import { checkServices } from "../components/service/check";
import { checkImage, checkUnderlays } from "../components/underlay/check";
import { checkInterfaceNames, checkMacs } from "./check-unique";
import { checkResourceNames } from "./resource-names";
import type { Problem, Topology } from "./types";

/**
 * Everything that is wrong with a topology. Values may be of any type (they come from YAML or from other languages);
 * whatever has settings of its own (a host, its `existing`, an interface, …) must be an object.
 *
 * @param lab with it, computed MAC addresses are checked for collisions too; without it, the written ones alone
 * @param libvirtUri the hypervisor of underlays that name none; without it that is taken for this machine
 */
export function checkLab(topology: Topology, lab?: string, libvirtUri?: string): Problem[] {
  return [
    ...checkUnderlays(topology, libvirtUri),
    ...checkImage(topology),
    ...checkHosts(topology),
    ...checkSegments(topology),
    ...checkFlooding(topology),
    ...checkServices(topology),
    ...checkContainers(topology),
    ...checkPortSecurity(topology),
    ...checkAddresses(topology),
    ...checkInterfaceNames(topology),
    ...checkMacs(topology, lab),
    ...checkResourceNames(topology),
  ];
}
