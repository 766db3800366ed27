import * as pulumi from "@pulumi/pulumi";
import { renderHint } from "../plan/errors";
import { labHints } from "../plan/hints";
import type { Topology } from "../plan/types";

/** Says what works and may not be what was meant, as warnings of a component: every preview and `up` shows them. */
export function sayHints(topology: Topology, self: pulumi.Resource): void {
  for (const hint of labHints(topology)) void pulumi.log.warn(renderHint(hint), self);
}
