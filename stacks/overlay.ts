/** Bridges, tunnels and containers on the machines of an underlay stack, wired to those of other owners' underlay stacks. */
import * as pulumi from "@pulumi/pulumi";
import { ownUnderlay, peerUnderlays } from "../components/lab/references";
import { VxlanOverlay, VxlanOverlayArgs } from "../components/lab/vxlan-overlay";
import { OverlaySettings } from "../config";
import { PublishedLab } from "../plan/contract";
import { withSecrets } from "./secrets";

export interface OverlayOutputs {
  lab: pulumi.Output<PublishedLab>;
}

export async function overlayStack(settings: OverlaySettings): Promise<OverlayOutputs> {
  const { underlayStack, sections, secretEnv, bootTimeout } = settings;
  const { login, ...underlay } = await ownUnderlay(underlayStack);
  const { lab } = new VxlanOverlay("overlay", {
    underlay,
    login,
    peers: await peerUnderlays(settings.peers),
    // Of any type: VxlanOverlay checks them as a whole.
    ...(sections as unknown as Pick<VxlanOverlayArgs, "hosts" | "segments" | "containers" | "chains">),
    ...withSecrets(secretEnv),
    identity: `${pulumi.getProject()}/${pulumi.getStack()}`,
    bootTimeout,
  });
  return { lab };
}
