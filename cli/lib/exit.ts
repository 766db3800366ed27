/** Exit codes are a contract: scripts read them. */
export const Exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  missing: 3,
  busy: 4,
} as const;

export const exitCodes: readonly [number, string][] = [
  [Exit.ok, "done"],
  [Exit.failed, "a deployment, check or test failed"],
  [Exit.usage, "bad usage, or bad settings of the lab"],
  [Exit.missing, "the machine lacks something that vxlab cannot install; the message says what"],
  [Exit.busy, "somebody else is working on this lab"],
  [130, "interrupted"],
];

/** Ends the command with a message and a code, without a stack trace. */
export class Fault extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}
