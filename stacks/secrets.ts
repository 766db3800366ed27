/** Secret settings as Pulumi secrets. */
import * as pulumi from "@pulumi/pulumi";
import type { ContainerVariables } from "../components/container/variables.component";
import type { VariablesOf } from "../components/container/variables";

/** The argument `env` of a lab or an overlay, every value marked secret; none when there is none. */
export function withSecrets(env: VariablesOf<string> | undefined): {
  env?: Record<string, ContainerVariables>;
} {
  if (env === undefined) return {};
  const marked = Object.entries(env).map(([container, variables]) => [
    container,
    Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, pulumi.secret(value)])),
  ]);
  return { env: Object.fromEntries(marked) as Record<string, ContainerVariables> };
}
