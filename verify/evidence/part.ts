/** One part of a probe: a script, and the reader of its output. */
import type { HostOutput, LabOutput } from "../../plan/contract";
import type { HostFacts } from "./facts";
import type { Section } from "./text";

/** Reads a section's body; undefined where the body is not what the reader expects: the body's first line is kept as trouble. */
export type Attempt = <T>(read: (body: string) => T) => T | undefined;

export interface Part {
  /** The words of its script, NAME.sh beside it. */
  args(lab: LabOutput, host: HostOutput): string[];
  /** The readers by kind of section: each adds to the facts collected so far. */
  sections: Readonly<
    Record<string, (section: Section, attempt: Attempt, known: HostFacts) => Partial<HostFacts>>
  >;
}
