/** Bridges, tunnels and containers on the machines of an underlay stack, wired to those of other owners' underlay stacks. */
import * as pulumi from "@pulumi/pulumi";
import { ownUnderlay, peerUnderlays } from "../components/lab/references";
import { VxlanOverlay, VxlanOverlayArgs } from "../components/lab/vxlan-overlay";
import { OverlaySettings } from "../config";
import { PublishedLab } from "../plan/contract";
import type { SectionSpecs } from "../plan/settings";
import { presentOn } from "../plan/absent";
import { withSecrets } from "./secrets";

export interface OverlayOutputs {
  lab: pulumi.Output<PublishedLab>;
}

export async function overlayStack(settings: OverlaySettings): Promise<OverlayOutputs> {
  const { underlayStack, absent, secretEnv, bootTimeout } = settings;
  const { login, tunnelKeys, stack, vteps } = await ownUnderlay(underlayStack);
  const { hosts, sections } = presentOn(vteps.hosts, settings.sections, absent);
  const underlay = { stack, vteps: { ...vteps, hosts } };
  const { lab } = new VxlanOverlay("overlay", {
    underlay,
    login,
    ...(tunnelKeys === undefined ? {} : { tunnelKeys }),
    peers: await peerUnderlays(settings.peers),
    // Of any type: VxlanOverlay checks them as a whole.
    ...(sections as unknown as Pick<
      VxlanOverlayArgs,
      "hosts" | "segments" | "containers" | keyof SectionSpecs
    >),
    ...withSecrets(secretEnv),
    identity: settings.identity ?? `${pulumi.getProject()}/${pulumi.getStack()}`,
    bootTimeout,
  });
  return { lab };
}
