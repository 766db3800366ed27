/** `portSecurity` of segments, containers and interfaces. */
import { nicsOf } from "../container/nics";
import { pathOf, sortedEntries } from "../../plan/rules";
import type { Problem, Topology } from "../../plan/types";

export function checkPortSecurity(topology: Topology): Problem[] {
  const segments = sortedEntries(topology.segments).map(([name, { portSecurity }]) =>
    checkSwitch(pathOf("segments", name, "portSecurity"), portSecurity),
  );
  const containers = sortedEntries(topology.containers).map(([name, { portSecurity }]) =>
    checkSwitch(pathOf("containers", name, "portSecurity"), portSecurity),
  );
  // The only interface of a container may be the container's own spec, which is checked above.
  const interfaces = nicsOf(topology)
    .filter(({ container, spec }) => spec !== topology.containers[container])
    .map(({ spec, at }) => checkSwitch(at("portSecurity"), spec.portSecurity));
  return [...segments, ...containers, ...interfaces].flat();
}

function checkSwitch(path: string, got: unknown): Problem[] {
  if (got === undefined || typeof got === "boolean") return [];
  const message = "Is neither true nor false.";
  const cure = "Write false, without quotes, to turn port security off, or leave it out.";
  return [{ path, got, message, cure }];
}
