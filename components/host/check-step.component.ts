import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { CHECK_COMMAND, CHECK_HOST } from "../../guest/render";
import type { HostNeed } from "../../plan/types";
import { bootDials, connection } from "../guest-step";
import type { HostConnectionArgs } from "../guest-step";

/** What an existing host must be able to do. */
export interface CheckArgs {
  vtep: pulumi.Input<string>;
  /** Largest IP packet that the VTEP's interface has to take, bytes. */
  mtu: pulumi.Input<number>;
  /** VTEPs that it has tunnels to. */
  peers: pulumi.Input<pulumi.Input<string>[]>;
  needs: pulumi.Input<pulumi.Input<HostNeed>[]>;
}

/** Asks a host that exists already whether it can hold a lab, and changes nothing there. */
export function checkStep(
  name: string,
  host: pulumi.Input<HostConnectionArgs>,
  { vtep, mtu, peers, needs }: CheckArgs,
  opts: pulumi.CustomResourceOptions,
): command.remote.Command {
  const asked = pulumi
    .all([mtu, vtep, needs, peers])
    .apply(([bytes, address, all, far]) => [bytes, address, ...all, ...far.map((peer) => `to:${peer}`)]);
  return new command.remote.Command(
    name,
    {
      connection: connection(host, bootDials),
      // By stdin: an error shows the whole command.
      create: CHECK_COMMAND,
      update: CHECK_COMMAND,
      stdin: asked.apply((words) => `${words.join(" ")}\n${CHECK_HOST}`),
      addPreviousOutputInEnv: false,
      logging: command.remote.Logging.None,
    },
    // A script's text; the component's own inputs show what is checked.
    { ...opts, hideDiffs: ["create", "update", "stdin"] },
  );
}
