/**
 * One owner's bridges, tunnels and containers. It reads its own underlay's stack and its peers', and nobody reads it: so
 * two owners reach each other with no cycle.
 */
import * as pulumi from "@pulumi/pulumi";
import { OverlayGroundArgs, VxlanOverlay, VxlanOverlayArgs } from "vxlab";

const config = new pulumi.Config();
const own = new pulumi.StackReference(config.require("underlay"));
const peers = config.requireObject<string[]>("peers").map((stack) => new pulumi.StackReference(stack));

/** What is on which host has to be known before anything is declared, so the outputs are waited for. */
async function ground(reference: pulumi.StackReference): Promise<OverlayGroundArgs> {
  const stack = await new Promise<string>((resolve) => reference.name.apply(resolve));
  const { value } = (await reference.getOutputDetails("vteps")) as { value?: unknown };
  if (value === undefined)
    throw new pulumi.RunError(`${stack} has no output vteps: its owner has to run up first`);
  return { stack, vteps: value as OverlayGroundArgs["vteps"] };
}

export = async () => {
  const overlay = new VxlanOverlay("overlay", {
    underlay: await ground(own),
    login: own.requireOutput("login"),
    peers: await Promise.all(peers.map(ground)),
    // Both owners' alike.
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: config.requireObject<VxlanOverlayArgs["containers"]>("containers"),
    identity: `${pulumi.getProject()}/${pulumi.getStack()}`,
  });
  return { lab: overlay.lab };
};
