/** Machines only, which the owner's own overlay stacks use and other owners' overlays reach. */
import * as pulumi from "@pulumi/pulumi";
import { VxlanUnderlay } from "../components/lab/vxlan-underlay";
import { LabSettings } from "../config";
import { LoginOutput, TunnelKeysOutput, VtepsOutput } from "../plan/vteps";
import { machineArgs } from "./lab";

/** The names must be VTEPS_OUTPUT, LOGIN_OUTPUT and TUNNEL_KEYS_OUTPUT, which a test checks. */
export interface UnderlayOutputs {
  vteps: pulumi.Output<VtepsOutput>;
  /** Secret. */
  login: pulumi.Output<LoginOutput>;
  /** Secret; absent when no host encrypts. */
  tunnelKeys?: pulumi.Output<TunnelKeysOutput>;
}

export function underlayStack(settings: LabSettings): UnderlayOutputs {
  const { vteps, login, tunnelKeys } = new VxlanUnderlay("underlay", machineArgs(settings));
  return { vteps, login, ...(tunnelKeys === undefined ? {} : { tunnelKeys }) };
}
