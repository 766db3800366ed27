/** Collects what is wrong while settings are resolved. */
import type { Problem } from "./problem";
import type { Reading } from "./read-address";

export class Findings {
  readonly problems: Problem[] = [];

  say(path: string, got: unknown, message: string, cure: string): void {
    this.problems.push({ path, got, message, cure });
  }

  /** For a check that may find nothing. */
  sayIf(path: string, got: unknown, message: string | undefined, cure: string): void {
    if (message !== undefined) this.say(path, got, message, cure);
  }

  add(problems: readonly Problem[]): void {
    this.problems.push(...problems);
  }

  /** The value of a reading; undefined if there is none, after the reason was reported. */
  take<T>(path: string, got: unknown, { value, fault }: Reading<T>, cure: string): T | undefined {
    this.sayIf(path, got, fault, cure);
    return value;
  }
}
