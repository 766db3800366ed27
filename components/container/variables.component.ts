/** Environment variables of containers beside the plan, which is public: values here may be secrets. */
import * as pulumi from "@pulumi/pulumi";
import { TopologyError } from "../../plan/errors";
import { pathOf, sortedEntries, suggest } from "../../plan/rules";
import { ContainerKind, LabPlan, Problem } from "../../plan/types";

/** Values of environment variables by name. */
export type ContainerVariables = Record<string, pulumi.Input<string>>;

/** @throws TopologyError when a container is not there, is not Docker's, or has the variable in the topology too */
export function checkLabVariables(plan: LabPlan, env: Record<string, ContainerVariables> = {}): void {
  const known = plan.containers.filter(({ kind }) => kind === ContainerKind.Docker);
  const problems = sortedEntries(env).flatMap(([name, variables]): Problem[] => {
    const path = pathOf("containers", name, "env");
    const container = known.find((one) => one.name === name);
    if (container === undefined) {
      const cure = suggest(
        name,
        known.map((one) => one.name),
        "Docker container",
      );
      return [{ path, got: Object.keys(variables), message: "Is not of a Docker container.", cure }];
    }
    return Object.keys(variables)
      .filter((variable) => Object.hasOwn(container.env ?? {}, variable))
      .map((variable) => ({
        path: pathOf("containers", name, "env", variable),
        got: variable,
        message: "Is set twice: in the topology, and in env beside it.",
        cure: "Remove one of the two.",
      }));
  });
  if (problems.length > 0) throw new TopologyError(problems);
}
