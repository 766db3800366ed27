import type { Problem } from "./problem";

/**
 * Everything that is wrong with a topology, in one error: nothing of the lab has been touched.
 *
 * @example
 * ```ts
 * try {
 *   planLab({ hosts: { kvm1: { address: "192.168.10.300" } } }, { lab: "demo" });
 * } catch (error) {
 *   if (error instanceof TopologyError) console.error(error.problems);
 * }
 * ```
 */
export class TopologyError extends Error {
  override readonly name = "TopologyError";
  /**
   * Pulumi's Node runtime prints an error with this mark as its message alone, without a stack trace
   * (sdk/nodejs/errors.ts, RunError.isInstance). The mark spares plan/ an import of Pulumi.
   */
  readonly __pulumiRunError = true;

  constructor(readonly problems: readonly Problem[]) {
    super(renderProblems(problems));
  }
}

/** Hypervisors that do not answer, all in one error: nothing of the lab has been touched. */
export class HypervisorError extends Error {
  override readonly name = "HypervisorError";
  /** As above. */
  readonly __pulumiRunError = true;

  constructor(readonly problems: readonly Problem[]) {
    const count = problems.length === 1 ? "A hypervisor does" : `${problems.length} hypervisors do`;
    super();
    const text = [`${count} not answer; nothing was changed.`, ...paragraphs(problems)].join("\n\n");
    // Every property that waits for the answer puts its own name before the message (@pulumi/pulumi, runtime/rpc.ts).
    Object.defineProperty(this, "message", { get: () => text, set: () => undefined });
  }
}

/** Programs that are not there where Pulumi runs: nothing of the lab has been touched. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  /** As above. */
  readonly __pulumiRunError = true;

  constructor(readonly problems: readonly Problem[]) {
    super(["A program is missing; nothing was changed.", ...paragraphs(problems)].join("\n\n"));
  }
}

/** One block of text: a head line, then a paragraph for each problem, or for many of one cause. */
function renderProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [`The lab's settings have ${count}; nothing was changed.`, ...paragraphs(problems)].join("\n\n");
}

/** Paragraphs that a screen or two can hold, and settings in one of them. */
const MOST_PARAGRAPHS = 25;
const MOST_SETTINGS = 3;

/** One paragraph for all settings with the same problem: all of 200 hosts may have an address outside the underlay. */
function paragraphs(problems: readonly Problem[]): string[] {
  const all = causesOf(problems);
  const left = all.slice(MOST_PARAGRAPHS).flat().length;
  const rest = left === 0 ? [] : [`  … and ${left} more ${left === 1 ? "problem" : "problems"}.`];
  return [...all.slice(0, MOST_PARAGRAPHS).map(paragraphOf), ...rest];
}

/** In the order of the problems. A few problems of one cause stay separate, each shown in full. */
function causesOf(problems: readonly Problem[]): Problem[][] {
  const causes = new Map<string, Problem[]>();
  for (const problem of problems) {
    const others = causes.get(causeOf(problem));
    if (others === undefined) causes.set(causeOf(problem), [problem]);
    else others.push(problem);
  }
  return problems.flatMap((problem) => {
    const group = causes.get(causeOf(problem)) ?? [];
    if (group.length <= MOST_SETTINGS) return [[problem]];
    return group[0] === problem ? [group] : [];
  });
}

function causeOf({ message, cure }: Problem): string {
  return `${message}\n${cure}`;
}

function paragraphOf(group: readonly Problem[]): string {
  const left = group.length - MOST_SETTINGS;
  const heads = group.slice(0, MOST_SETTINGS).map(({ path, got }) => `  ${path}: got ${quoted(got)}`);
  const rest = left > 0 ? [`  … and ${left} more of the same`] : [];
  const [first] = group;
  return [...heads, ...rest, `    ${first?.message ?? ""}`, `    ${first?.cure ?? ""}`].join("\n");
}

/** Renders hints, which are not errors: a line for each cause, in the order of the hints. */
export function renderHints(hints: readonly Problem[]): string[] {
  const all = causesOf(hints);
  const left = all.slice(MOST_PARAGRAPHS).flat().length;
  return [...all.slice(0, MOST_PARAGRAPHS).map(hintOf), ...(left === 0 ? [] : [`… and ${left} more hints.`])];
}

function hintOf(group: readonly Problem[]): string {
  const left = group.length - MOST_SETTINGS;
  const shown = group.slice(0, MOST_SETTINGS).map(({ path, got }) => `${path} (${quoted(got)})`);
  const [first] = group;
  const rest = left > 0 ? ` and ${left} more` : "";
  return `${shown.join(", ")}${rest}: ${first?.message ?? ""} ${first?.cure ?? ""}`;
}

const LONGEST_QUOTE = 120;

/** JSON, since it shows type, spaces and control characters; shortened, since a large object does not help. */
function quoted(got: unknown): string {
  if (got === undefined) return "nothing";
  // JSON has no NaN and no Infinity: it would show null.
  const text = typeof got === "number" ? String(got) : (JSON.stringify(got) ?? typeof got);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}
