/** What a run of the engine changed, resource by resource, from its event log. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { changesOf } from "../../cli/changes/changes";
import { editsOf } from "../../cli/changes/edits";
import { changesText } from "../../cli/changes/text";
import type { EngineEvent, StepMetadata } from "../../cli/engine/events";
import type { Result } from "../../system/process";
import type { Call, Project } from "./project";

export interface Changes extends Result {
  /** `create lab-c2-step`, sorted; what stays the same is left out. */
  steps: string[];
  /** All that it began, in this order: what is replaced is `replace`, `delete-replaced` and `create-replacement`. */
  order: string[];
  /** The changes in words, as \`./vxlab preview\` prints them. */
  words: string;
}

/** `pulumi up|preview|destroy|refresh`, plain. */
export async function change(project: Project, args: readonly string[], call: Call = {}): Promise<Changes> {
  const log = join(project.paths.dot, "test.events");
  const asked = args[0] === "preview" ? args : [...args, "--yes", "--skip-preview"];
  // --event-log is there only with this variable (pkg/cmd/pulumi/operations/up.go).
  const env = { ...call.env, PULUMI_DEBUG_COMMANDS: "true" };
  const result = await project.pulumi([...asked, "--event-log", log], { ...call, env });
  const events = eventsOf(log);
  rmSync(log); // it has every secret in the open
  const order = events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []).map(words);
  return { ...result, steps: stepsOf(events), order, words: wordsOf(events) };
}

function eventsOf(log: string): EngineEvent[] {
  const lines = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as EngineEvent);
}

function wordsOf(events: readonly EngineEvent[]): string {
  const unchanged =
    events.find(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges["same"] ?? 0;
  return changesText({ changes: changesOf(editsOf(events)), unchanged }, false);
}

const words = ({ op, urn }: StepMetadata): string => `${op} ${urn.slice(urn.lastIndexOf("::") + 2)}`;

function stepsOf(events: readonly EngineEvent[]): string[] {
  // A preview ends no step, it only begins them; what a refresh found is told at the end only.
  const told = events.flatMap((event) => (event.resourcePreEvent ?? event.resOutputsEvent)?.metadata ?? []);
  const real = told.filter(({ op }) => op !== "same" && op !== "refresh");
  return [...new Set(real.map(words))].sort();
}
