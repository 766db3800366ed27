/**
 * The contract with the guest tools: what a verb (`/usr/lib/vxlab/guest apply|remove|observe KIND`) gets on stdin, and what it answers.
 *
 * stdin has lines of text. The first is the envelope, one JSON object (RFC 8259). Of a container and of a host's encryption the second line
 * is the secrets, one JSON object as well; after the first line of a host's first step, its bridge, come the guest tools, packed
 * (guest/pack.ts). So a preview, a host's folder of desired states and a log contain only the state.
 *
 * A state names everything that its step makes on the host: the tools invent no names. Unwanted things are null, not left out.
 * The order of keys means nothing.
 *
 * The tools also read older versions (guest/upgrade.awk): `remove` runs with the stdin that a stack's state holds, and a host may hold a
 * lab that an older vxlab deployed. They refuse a newer version. Version 1 and 2 were one flat object without a version.
 */
import type { ConnectivityState } from "../components/connectivity/state";
import type { MeasurementState } from "../components/measurement/state";
import type { Secrets } from "../components/container/thing";
import type { EncryptionSecrets } from "../components/encryption/thing";
import type { States, StepKind } from "./things";

/**
 * Raised when the files of an older host, or the stdin of an older stack, can no longer be read as the current form. Also the level of what
 * a host keeps (guest/lib.sh, LEVEL): the tools bring what is kept up to it (take_over in guest/ids.sh).
 */
export const PROTOCOL = 3;

/** The second line of stdin. */
export type StepSecrets = Secrets | EncryptionSecrets;

/** The first line of stdin. */
export interface Envelope<Kind extends StepKind = StepKind> {
  v: typeof PROTOCOL;
  /** The step's name. With `lab` before it, it names what the host keeps. */
  id: string;
  /** The lab's id: two labs on a host may have steps of one name. */
  lab: string;
  /** Distinguishes this machine from other machines of the same host, if the host has such a text: a change runs the step again. */
  machine?: string;
  /** What was wrong the last time the step ran to repair it (components/repair.ts): a change runs the step again. */
  repair?: string;
  state: States[Kind];
}

/** stdin of a check or a measurement. Neither is a thing on the host, so nothing of it is kept. */
export interface CheckEnvelope extends Omit<Envelope, "state"> {
  state: ConnectivityState | MeasurementState;
}

/**
 * What `observe` answers, on one line: the state in the shape of the desired one, as it is on the host. `state` is null when the thing is
 * not there, and so is a field that is not. After `apply` it equals what was applied. Fields that cannot be observed, such as the command
 * of a running container, are answered as they were asked.
 */
export interface Observed<Kind extends StepKind = StepKind> {
  v: typeof PROTOCOL;
  state: States[Kind] | null;
}

/** stdin of a step. */
export function stepInput(envelope: Envelope | CheckEnvelope, secrets?: StepSecrets): string {
  return [envelope, ...(secrets === undefined ? [] : [secrets])]
    .map((line) => JSON.stringify(line))
    .join("\n");
}

/** stdin of a host's first step, which brings the guest tools along: `packed` by guest/pack.ts. */
export function firstStepInput(envelope: Envelope<"bridge">, packed: string): string {
  return `${JSON.stringify(envelope)}\n${packed}\n`;
}

/** What a step's stdin holds, in the form of this or an older version; undefined when it holds no desired state. */
export function readStepInput(
  stdin: string,
): { id: string; machine?: string; repair?: string; state: Record<string, unknown> } | undefined {
  const desired = objectIn(stdin.split("\n", 1)[0] ?? "");
  if (typeof desired?.["id"] !== "string") return undefined;
  const { id, machine, repair, state } = desired;
  return {
    id,
    ...(typeof machine === "string" ? { machine } : {}),
    ...(typeof repair === "string" ? { repair } : {}),
    state: isObject(state) ? state : desired,
  };
}

function objectIn(json: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(json) as unknown;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
