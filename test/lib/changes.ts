/** What a run of the engine changed, resource by resource, from its event log. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../../toolchain/process";
import type { Call, Project } from "./project";

export interface Changes extends Result {
  /** `create lab-c2-step`, sorted; what stays the same is left out. */
  steps: string[];
}

interface EngineEvent {
  resourcePreEvent?: { metadata: { op: string; urn: string } };
  resOutputsEvent?: { metadata: { op: string; urn: string } };
}

/** `pulumi up|preview|destroy|refresh`, plain. */
export async function change(project: Project, args: readonly string[], call: Call = {}): Promise<Changes> {
  const log = join(project.paths.dot, "test.events");
  const asked = args[0] === "preview" ? args : [...args, "--yes", "--skip-preview"];
  // --event-log is there only with this variable (pkg/cmd/pulumi/operations/up.go).
  const env = { ...call.env, PULUMI_DEBUG_COMMANDS: "true" };
  const result = await project.pulumi([...asked, "--event-log", log], { ...call, env });
  const steps = stepsOf(log);
  rmSync(log); // it has every secret in the open
  return { ...result, steps };
}

function stepsOf(log: string): string[] {
  const lines = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  const events = lines.map((line) => JSON.parse(line) as EngineEvent);
  // A preview ends no step, it only begins them; what a refresh found is told at the end only.
  const told = events.flatMap((event) => (event.resourcePreEvent ?? event.resOutputsEvent)?.metadata ?? []);
  const real = told.filter(({ op }) => op !== "same" && op !== "refresh");
  return [...new Set(real.map(({ op, urn }) => `${op} ${urn.slice(urn.lastIndexOf("::") + 2)}`))].sort();
}
