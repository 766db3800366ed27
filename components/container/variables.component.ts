/** Environment variables of containers. They are not in the plan, which is public, because values may be secrets. */
import * as pulumi from "@pulumi/pulumi";
import { TopologyError } from "../../plan/errors";
import { pathOf, sortedEntries, suggest } from "../../plan/rules";
import { LabPlan, Problem } from "../../plan/types";
import { CONTAINER_KINDS } from "./kinds";

/** Values of environment variables by name. */
export type ContainerVariables = Record<string, pulumi.Input<string>>;

/** @throws TopologyError when a container is not there, is of a kind without `env`, or has the variable in the topology too */
export function checkLabVariables(plan: LabPlan, env: Record<string, ContainerVariables> = {}): void {
  const having = Object.values(CONTAINER_KINDS).filter(({ settings }) => settings.includes("env"));
  const known = plan.containers.filter(({ kind }) => having.includes(CONTAINER_KINDS[kind]));
  const what = `${having.map(({ title }) => title).join(" or ")} container`;
  const problems = sortedEntries(env).flatMap(([name, variables]): Problem[] => {
    const path = pathOf("containers", name, "env");
    const container = known.find((one) => one.name === name);
    if (container === undefined) {
      const cure = suggest(
        name,
        known.map((one) => one.name),
        what,
      );
      return [{ path, got: Object.keys(variables), message: `Is not a ${what} of the topology.`, cure }];
    }
    return Object.keys(variables)
      .filter((variable) => Object.hasOwn(container.env ?? {}, variable))
      .map((variable) => ({
        path: pathOf("containers", name, "env", variable),
        got: variable,
        message: "Is set twice: in topology and in env.",
        cure: "Remove one of the two.",
      }));
  });
  if (problems.length > 0) throw new TopologyError(problems);
}
