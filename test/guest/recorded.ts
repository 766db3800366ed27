/** What older versions' steps sent to their hosts, and the tools that they brought along: from the recordings of them (test/upgrade). */
import { unpack } from "../../guest/pack";
import type { StepKind } from "../../guest/things";
import type { LabName } from "../upgrade/labs";
import { readRecording, restored } from "../upgrade/recording";

/** A step of a recorded version. */
export interface RecordedStep {
  kind: StepKind;
  /** The host's underlay address. */
  host: string;
  stdin: string;
}

const NOWHERE = { project: { paths: { id: "x", dot: "/x" } }, image: "/x/golden-x/root", logins: {} };
const STEP = "command:remote:Command";

/** The steps of a lab, in the order in which its version ran them. */
export function recordedSteps(version: string, lab: LabName): RecordedStep[] {
  return restored(readRecording(version), lab, NOWHERE as never).flatMap(({ type, inputs }) => {
    const { delete: gone, stdin, connection } = plain(inputs ?? {}) as Record<string, unknown>;
    const kind = /guest remove (\w+)$/.exec(String(gone))?.[1] as StepKind | undefined;
    if (type !== STEP || kind === undefined) return [];
    const { host } = connection as { host: string };
    return [{ kind, host, stdin: String(stdin) }];
  });
}

/** Secrets are written as objects around them. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { plaintext, ...rest } = value as Record<string, unknown>;
  if (typeof plaintext === "string") return JSON.parse(plaintext);
  return Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, plain(one)]));
}

/** The tools that a bridge's step brought: contracts 1 and 2 had them in the state, later ones behind it. */
export function recordedTools({ stdin }: RecordedStep): string {
  const [line = "", ...rest] = stdin.split("\n");
  const { tools } = JSON.parse(line) as { tools?: { script: string } };
  return tools?.script ?? `#!/bin/sh\n${unpack(rest.join("\n"))}`;
}
