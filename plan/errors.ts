import type { Problem } from "./types";

/** Everything that is wrong with a topology, in one error: nothing of the lab has been touched. */
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
    super([`${count} not answer; nothing was changed.`, ...problems.map(paragraph)].join("\n\n"));
  }
}

/** Programs that are not there where Pulumi runs: nothing of the lab has been touched. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  /** As above. */
  readonly __pulumiRunError = true;

  constructor(readonly problems: readonly Problem[]) {
    super(["A program is missing; nothing was changed.", ...problems.map(paragraph)].join("\n\n"));
  }
}

/** One block of text: a head line, then a paragraph for each problem. */
export function renderProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [`The lab's settings have ${count}; nothing was changed.`, ...problems.map(paragraph)].join("\n\n");
}

function paragraph(problem: Problem): string {
  return `  ${problem.path}: got ${quoted(problem.got)}\n    ${problem.message}\n    ${problem.cure}`;
}

/** In one line, for what is no mistake. */
export function renderHint({ path, got, message, cure }: Problem): string {
  return `${path} (${quoted(got)}): ${message} ${cure}`;
}

const LONGEST_QUOTE = 120;

/** JSON, since it shows type, spaces and control characters; cut, since a whole object helps nobody. */
function quoted(got: unknown): string {
  if (got === undefined) return "nothing";
  // JSON has no NaN and no Infinity: it would show null.
  const text = typeof got === "number" ? String(got) : (JSON.stringify(got) ?? typeof got);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}
