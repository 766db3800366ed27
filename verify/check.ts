/** A check: one thing that must hold on one host of a lab. */
import type { LabOutput } from "../plan/contract";
import type { ChainPlan, CheckFacts } from "../plan/types";
import type { HostFacts } from "./evidence/facts";
import type { Ping, PingFacts } from "./evidence/pings";
import type { PartName } from "./evidence/probe";
import type { Tried } from "./evidence/tries";
import type { Seen, WirePing } from "./evidence/wire";
import type { ThingRef } from "./things";

/** Everything that was collected of a lab. */
export interface Evidence {
  hosts: ReadonlyMap<string, HostEvidence>;
  /** By the ping's name. */
  pings: ReadonlyMap<string, PingFacts>;
  /** What was captured, by host. */
  wires: ReadonlyMap<string, readonly Seen[]>;
  /** Results of the checks of the settings, by name. @default none was tried */
  tried?: ReadonlyMap<string, Tried>;
  /** What was counted at each hop of a chain, by the chain's name. @default nothing */
  chains?: ReadonlyMap<string, ChainFacts>;
}

/** What a host has answered, or why it has not answered. */
export type HostEvidence = { facts: HostFacts } | { silent: string };

export interface Verdict {
  ok: boolean;
  /** A text that says what was found. */
  got: string;
}

export interface Check {
  /** Kind and things, separated by slashes: `ping/c1/c2`. */
  name: string;
  /** The name of its file in verify/checks/. */
  kind: string;
  /** The host that it is about. */
  host: string;
  /** In words, for people. */
  expected: string;
  /** A command that shows it. */
  where: string;
  /** What its host must be asked. */
  needs: readonly PartName[];
  /** The ping that must be sent for it. */
  ping?: Ping;
  /** The check of the settings that its host must run. */
  tries?: CheckFacts;
  /** The ping whose packets its host must capture. */
  wire?: WirePing;
  /** The chain through which packets must be sent and counted for it. */
  chain?: ChainProbe;
  /** The verdict where the host has answered. Pure: the same evidence gives the same verdict. */
  judge(facts: HostFacts, evidence: Evidence): Verdict;
  /**
   * The ping that is sent again, alone and with a longer wait, before a verdict counts. Undefined: the verdict counts now. Absent: it
   * always does.
   */
  doubt?: (this: void, first: Verdict, evidence: Evidence) => Ping | undefined;
  /** Things whose steps repair it when the check fails. Absent: none. */
  repairs?(facts: HostFacts): ThingRef[];
  /** Things on the host that belong to no lab, which are not faults. */
  foreign?(facts: HostFacts): string[];
}

export interface CheckResult extends Verdict {
  name: string;
  expected: string;
  where: string;
}

export interface CheckOptions {
  /** Every pair of a segment is pinged. @default false: each container pings a few (pairs.ts) */
  allPairs?: boolean;
}

export interface CheckKind {
  /**
   * A `packet` check sends something. The others only read: `host` checks are listed host by host, those of a `thing` (service, container)
   * after them.
   */
  about: "host" | "thing" | "packet";
  /** The checks of this kind that a lab must pass. */
  of(lab: LabOutput, options: CheckOptions): Check[];
}

export interface ChainProbe {
  chain: ChainPlan;
  /** From the end that is a container. */
  ping: Ping;
}

/** What was counted while the packets of a probe were sent. */
export interface ChainFacts {
  sent: number;
  received: number;
  /** Packets by the cookie of the flows that counted them; undefined: a host could not be asked. */
  counted?: ReadonlyMap<string, number>;
}
