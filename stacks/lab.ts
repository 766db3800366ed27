/** The default stack: machines, tunnels and containers of one lab in one state. */
import * as pulumi from "@pulumi/pulumi";
import { VxlanLab, VxlanLabArgs } from "../components/lab/vxlan-lab";
import { chooseUri } from "../components/libvirt/choices";
import { LabSettings } from "../config";
import { PublishedLab } from "../plan/contract";
import { withSecrets } from "./secrets";

export interface LabOutputs {
  lab: pulumi.Output<PublishedLab>;
}

export function labStack(settings: LabSettings): LabOutputs {
  const { lab } = new VxlanLab("lab", { ...machineArgs(settings), ...withSecrets(settings.secretEnv) });
  return { lab };
}

/** Settings of machines; the package has defaults for the others. */
export function machineArgs({
  topology,
  identity,
  libvirtUri,
  accel,
  bootTimeout,
}: LabSettings): VxlanLabArgs {
  return {
    topology,
    ...(identity === undefined ? {} : { identity }),
    libvirtUri: chooseUri(libvirtUri),
    ...(accel === undefined || accel === "auto" ? {} : { accel }),
    bootTimeout,
  };
}
