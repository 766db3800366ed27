/** One part of what a host is asked: a script, and what its answer means. */
import type { HostOutput, LabOutput } from "../../plan/contract";
import type { HostFacts } from "./facts";
import type { Section } from "./text";

/** Reads a section's body; undefined where the body is not what the reader expects: the body's first line is kept as trouble. */
export type Attempt = <T>(read: (body: string) => T) => T | undefined;

export interface Part {
  /** The words of its script, NAME.sh beside it. */
  args(lab: LabOutput, host: HostOutput): string[];
  /** By a section's kind, what it adds to the facts that are known so far. */
  sections: Readonly<
    Record<string, (section: Section, attempt: Attempt, known: HostFacts) => Partial<HostFacts>>
  >;
}
