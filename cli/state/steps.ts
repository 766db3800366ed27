/** The steps of a stack that put things on hosts, from its state: what each runs, and with which desired state. Pure. */
import type { LabOutput } from "../../plan/contract";
import { readStepInput } from "../../guest/protocol";
import { isObject, plain, resourcesOf } from "./export";

export interface Step {
  /** Also the name of its desired state's file: KIND-NAME.json. */
  name: string;
  /** Name of the host in the lab. */
  host: string;
  /** bridge, encryption, port, service or container. */
  kind: string;
  /** VNI of a port, device of an encryption or a service, else the thing's name. */
  key: string;
  /** What the step runs, by a shell on the host. */
  command: string;
  /** Desired state (guest/protocol.ts). May hold secrets. */
  stdin: string;
}

/** The field that identifies a thing of a kind, if that is not its name. */
const KEYS: Readonly<Record<string, string>> = { port: "vni", service: "device", encryption: "device" };

const STEP = "command:remote:Command";

/** @param state with its secrets, as `pulumi stack export --show-secrets` writes it */
export function stepsOf(state: unknown, { hosts }: LabOutput): Step[] {
  return resourcesOf(state).flatMap(({ type, inputs }) => {
    if (type !== STEP) return [];
    const { create, update, stdin, delete: undo, connection } = plainAll(inputs ?? {});
    const kind = /guest remove (\w+)$/.exec(text(undo))?.[1];
    const desired = kind === undefined ? undefined : readStepInput(text(stdin));
    const hostKey = isObject(connection) ? plain(connection["hostKey"]) : undefined;
    const host = hosts.find((one) => one.hostKey === hostKey);
    if (kind === undefined || desired === undefined || host === undefined) return [];
    const key = desired.state[KEYS[kind] ?? "name"];
    const command = text(update) || text(create);
    return [{ name: desired.id, host: host.name, kind, key: text(key), command, stdin: text(stdin) }];
  });
}

function plainAll(inputs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, plain(value)]));
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
