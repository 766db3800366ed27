/** Exit codes are a contract: scripts read them. */
export const Exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  missing: 3,
  busy: 4,
} as const;

export const exitCodes: readonly [number | string, string][] = [
  [Exit.ok, "done"],
  [
    Exit.failed,
    "a deployment, check or test failed; the lab is not as desired (status), something is missing (doctor)",
  ],
  [Exit.usage, "bad usage, or bad lab settings; a difference (drift)"],
  [
    Exit.missing,
    "something is missing that vxlab cannot install (a program, root, a hypervisor, the lab itself); the message says what",
  ],
  [Exit.busy, "another vxlab or Pulumi is working on this lab"],
  [130, "interrupted (SIGINT); 143 ended by SIGTERM, 129 by SIGHUP, 137 when Pulumi was killed (SIGKILL)"],
  [
    "other",
    "ssh, exec, capture, logs and pulumi pass on the code of what they run; 255: ssh lost the connection",
  ],
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
