/** What a host is asked to try, as the host gets it. */
import { TopologyError } from "../../plan/errors";
import type { Asked } from "./sentence";
import { CHECK, ConnectivityKind, HTTP_PORT } from "./spec";
import { readRate } from "./rate";

export interface ConnectivityState {
  /** Of the check, for messages. */
  name: string;
  /** The container that asks. */
  from: string;
  /** The address that is asked. */
  to: string;
  /** Who has that address, for messages. */
  target: string | null;
  kind: ConnectivityKind;
  port: number | null;
  path: string | null;
  /** Bits a second. */
  atLeast: number | null;
  reach: boolean;
  /** Seconds. */
  within: number;
  /** Digests of what is between the two ends; only to make the step run again. */
  crosses: string[];
}

/** What a check is made from: the arguments of Connectivity, resolved. */
export interface ConnectivityWanted extends Asked {
  name: string;
  crosses?: readonly (string | undefined)[];
}

/** @throws TopologyError when the kind needs a setting that is missing */
export function connectivityState(wanted: ConnectivityWanted): ConnectivityState {
  const { name, from, to, target = null, kind = CHECK.kind.default, crosses = [] } = wanted;
  const { reach = CHECK.reach.default, within = CHECK.within.default } = wanted;
  const isHttp = kind === ConnectivityKind.Http;
  const port = wanted.port ?? (isHttp ? HTTP_PORT : null);
  const atLeast = readRate(wanted.atLeast) ?? null;
  if (kind === ConnectivityKind.Tcp && port === null)
    throw missing("port", wanted.port, "Write a TCP port, for example 22.");
  if (kind === ConnectivityKind.Throughput && atLeast === null)
    throw missing("atLeast", wanted.atLeast, "Write a number with kbit, mbit or gbit, for example 5mbit.");
  return {
    ...{
      name,
      from,
      to,
      target,
      kind,
      port,
      path: isHttp ? (wanted.path ?? "/") : null,
      atLeast,
      reach,
      within,
    },
    crosses: crosses.filter((one) => one !== undefined),
  };
}

function missing(path: string, got: unknown, cure: string): TopologyError {
  return new TopologyError([{ path, got, message: "Is missing or unusable for this kind.", cure }]);
}
