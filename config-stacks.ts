/** Names of other stacks in the settings. */
import type { Problem } from "./plan/types";

/** `stack` or `organization/project/stack` (sdk/go/common/tokens/names.go). */
const STACK_NAME = /^([A-Za-z0-9_.-]{1,100}\/){0,2}[A-Za-z0-9_.-]{1,100}$/;

/** The stacks that an overlay reads. */
export function checkStacks(own: string | undefined, peers: unknown): Problem[] {
  const cure =
    "Write the name of an underlay stack: stack, or organization/project/stack for another project's.";
  const fault = (path: string, got: unknown, message: string): Problem => ({ path, got, message, cure });
  const named = (got: unknown): boolean => typeof got === "string" && STACK_NAME.test(got);
  if (!Array.isArray(peers)) return [fault("peers", peers, "Is not a list of stack names.")];
  const wrong = peers.flatMap((got: unknown, i) =>
    named(got) ? [] : [fault(`peers[${i}]`, got, "Is not a stack name.")],
  );
  const twice = peers.flatMap((got: unknown, i) =>
    got === own || peers.indexOf(got) < i
      ? [fault(`peers[${i}]`, got, got === own ? "Is this overlay's own underlay." : "Is listed twice.")]
      : [],
  );
  const message =
    own === undefined ? "Is missing: an overlay is deployed on an underlay stack." : "Is not a stack name.";
  return [...(named(own) ? [] : [fault("underlayStack", own, message)]), ...wrong, ...twice];
}
