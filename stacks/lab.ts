/** The default stack: machines, tunnels and containers of one lab in one state. */
import * as pulumi from "@pulumi/pulumi";
import { VxlanLab, VxlanLabArgs } from "../components/lab/vxlan-lab";
import { LabSettings } from "../config";
import { cloudImage, imageCache, ImageFiles, keptImage, ownImage } from "../image/image";
import { PublishedLab } from "../plan/contract";
import { Accel, ImageKind } from "../plan/types";
import { withSecrets } from "./secrets";
import { chooseAccel, chooseCodeCache, chooseUri, withAccel } from "./hypervisor";

export interface LabOutputs {
  lab: pulumi.Output<PublishedLab>;
}

export function labStack(settings: LabSettings): LabOutputs {
  const { lab } = new VxlanLab("lab", { ...machineArgs(settings), ...withSecrets(settings.secretEnv) });
  return { lab };
}

/** Settings of machines as this computer fills them in: which libvirt, what executes, which image. */
export function machineArgs(settings: LabSettings): VxlanLabArgs {
  const libvirtUri = chooseUri(settings.libvirtUri);
  const accel = chooseAccel(settings.accel, libvirtUri);
  const topology = withAccel(settings.topology, settings.accel);
  const accels = [accel, ...Object.values(topology.underlays ?? {}).map((one) => one.accel)];
  return {
    topology,
    image: labImage(settings),
    libvirtUri,
    accel,
    codeCache: accels.includes(Accel.Emulated) ? chooseCodeCache() : undefined,
    bootTimeout: settings.bootTimeout,
  };
}

/** Built in `up` when it is missing and a machine is to boot it; a preview builds nothing. */
function labImage({ topology }: LabSettings): ImageFiles {
  const { path, kind } = topology.image;
  const boots = Object.values(topology.hosts).some(({ existing }) => existing === undefined);
  if (path !== undefined) return kind === ImageKind.Cloud ? cloudImage(path) : keptImage(path);
  const own = kind === ImageKind.Docker ? "docker" : "golden";
  return ownImage(own, imageCache(), boots && !pulumi.runtime.isDryRun());
}
