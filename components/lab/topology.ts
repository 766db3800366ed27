import type { Topology } from "../../plan/types";

/** @param given sections that a lab does not need may be missing */
export function wholeTopology(given: Partial<Topology>): Topology {
  const { underlay = {}, image = {}, hosts = {}, segments = {}, containers = {} } = given;
  return { ...given, underlay, image, hosts, segments, containers };
}
