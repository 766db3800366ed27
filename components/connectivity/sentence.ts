/** A check in one clause, with the wording of guest.sh. */
import { CHECK, ConnectivityKind, HTTP_PORT } from "./spec";
import type { CheckSpec } from "./spec";

/** What is asked of whom: `to` is the address, `target` who has it. */
export interface Asked extends CheckSpec {
  target?: string;
}

/** "c1 reaches c2 (10.0.3.11) by HTTP, port 80, path /" */
export function sentenceOf({
  from,
  to,
  target,
  atLeast,
  reach = CHECK.reach.default,
  ...how
}: Asked): string {
  const whom = target === undefined ? to : `${target} (${to})`;
  if (how.kind === ConnectivityKind.Throughput)
    return `${from} to ${whom} and back carries at least ${atLeast}`;
  return `${from} ${reach ? "reaches" : "does not reach"} ${whom}${wayOf(how)}`;
}

function wayOf({ kind, port, path = "/" }: Pick<Asked, "kind" | "port" | "path">): string {
  if (kind === ConnectivityKind.Tcp) return ` by TCP, port ${port}`;
  if (kind === ConnectivityKind.Http) return ` by HTTP, port ${port ?? HTTP_PORT}, path ${path}`;
  return "";
}
