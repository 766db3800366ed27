/**
 * One thing wrong with a setting; all of them are reported at once.
 *
 * @example
 * ```ts
 * try {
 *   planLab({}, { lab: "demo" });
 * } catch (error) {
 *   const problems: readonly Problem[] = error instanceof TopologyError ? error.problems : [];
 *   for (const { path, message, cure } of problems) console.error(path, message, cure);
 * }
 * ```
 */
export interface Problem {
  /** The setting, as `pulumi config set --path` names it: `hosts.kvm1.address`. */
  path: string;
  /** The value as written; `undefined` when it is missing. */
  got: unknown;
  /** What is wrong, and what to do, in one sentence each. */
  message: string;
  cure: string;
}
