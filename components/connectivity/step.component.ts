import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { PROTOCOL, stepInput } from "../../guest/protocol";
import { CHECK_VERB } from "../../guest/render";
import { connection, hostIdentity, incarnationOf, step } from "../guest-step";
import type { HostConnectionArgs } from "../guest-step";
import type { MeasurementState } from "../measurement/state";
import type { ConnectivityState } from "./state";

/** What is tried, and where. */
export interface ConnectivityStepArgs {
  host: pulumi.Input<HostConnectionArgs>;
  /** With another one the step is replaced. @default the host's key */
  hostName?: pulumi.Input<string>;
  /** The lab's id. */
  lab: pulumi.Input<string>;
  state: pulumi.Output<ConnectivityState | MeasurementState>;
  /** Of the guest tools. @default CHECK_VERB */
  verb?: string;
}

/** Changes nothing on its host, so it has nothing to delete. */
export function connectivityStep(
  name: string,
  { host, hostName, lab, state, verb = CHECK_VERB }: ConnectivityStepArgs,
  opts: pulumi.CustomResourceOptions,
): command.remote.Command {
  const envelope = pulumi
    .all([lab, incarnationOf(host), state])
    .apply(
      ([known, machine, asked]) => ({ v: PROTOCOL, id: name, lab: known, machine, state: asked }) as const,
    );
  return step(
    name,
    {
      connection: connection(host),
      create: verb,
      stdin: envelope.apply((asked) => stepInput(asked)),
    },
    { ...opts, replacementTrigger: hostIdentity(host, hostName) },
  );
}
