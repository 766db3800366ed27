import * as pulumi from "@pulumi/pulumi";
import { renderHints } from "../../plan/errors";
import type { Problem } from "../../plan/types";

/** Prints hints (settings that work, but may not be what was meant) as warnings of a component: every preview and `up` shows them. */
export function sayHints(hints: readonly Problem[], self: pulumi.Resource): void {
  for (const line of renderHints(hints)) void pulumi.log.warn(line, self);
}
