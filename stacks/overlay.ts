/** Bridges, tunnels and containers on the machines of an underlay stack, wired to those of other owners' underlay stacks. */
import * as pulumi from "@pulumi/pulumi";
import { VxlanOverlay, VxlanOverlayArgs } from "../components/vxlan-overlay";
import { OverlaySettings } from "../config";
import { LabOutput } from "../plan/contract";
import { ContractError } from "../plan/read-vteps";
import { UnderlayStack, readUnderlay } from "./references";

export interface OverlayOutputs {
  lab: pulumi.Output<LabOutput>;
}

export async function overlayStack(settings: OverlaySettings): Promise<OverlayOutputs> {
  const { underlayStack, sections, bootTimeout } = settings;
  const own = await ownUnderlay(underlayStack);
  const peers = await peerUnderlays(settings.peers);
  const { lab } = new VxlanOverlay("overlay", {
    underlay: { stack: own.stack, vteps: own.vteps },
    login: own.login,
    peers: peers.map(({ stack, vteps }) => ({ stack, vteps })),
    // Of any type: VxlanOverlay checks them as a whole.
    ...(sections as unknown as Pick<VxlanOverlayArgs, "hosts" | "segments" | "containers">),
    identity: `${pulumi.getProject()}/${pulumi.getStack()}`,
    bootTimeout,
  });
  return { lab };
}

/** Without it there is nothing to deploy, and what is deployed must not be taken for unwanted. */
async function ownUnderlay(stack: string): Promise<UnderlayStack & { login: pulumi.Output<object> }> {
  const { found, absent } = await readUnderlay(stack);
  if (found === undefined) {
    throw new ContractError(
      `The overlay's own underlay is not up: ${absent}. Nothing was changed: run ./vxlab up -s ${stack} first.`,
    );
  }
  const { login } = found;
  if (login !== undefined) return { ...found, login };
  throw new ContractError(
    `The keys to the hosts of ${stack} cannot be read. Nothing was changed: an overlay and its own underlay need the ` +
      "same passphrase (or secrets provider).",
  );
}

/** Those that are up. Of the others a warning is given, and the next `up` after theirs makes the tunnels. */
async function peerUnderlays(stacks: readonly string[]): Promise<UnderlayStack[]> {
  const looked = await Promise.all(stacks.map((stack) => readUnderlay(stack)));
  for (const { absent } of looked) if (absent !== undefined) await pulumi.log.warn(withoutPeer(absent));
  return looked.flatMap(({ found }) => (found === undefined ? [] : [found]));
}

function withoutPeer(absent: string): string {
  return (
    `No tunnels to a peer: ${absent}. Everything else is deployed. ` +
    "When its owner has run up, run up here again; if it is not to come back, take it out of vxlab:peers."
  );
}
