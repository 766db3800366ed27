/**
 * One owner's bridges, tunnels and containers. It reads its own underlay's stack and its peers', and nobody reads it: so
 * two owners reach each other with no cycle.
 */
import * as pulumi from "@pulumi/pulumi";
import { VxlanOverlay, VxlanOverlayArgs, ownUnderlay, peerUnderlays } from "vxlab";

const config = new pulumi.Config();

export = async () => {
  const { login, ...underlay } = await ownUnderlay(config.require("underlay"));
  const overlay = new VxlanOverlay("overlay", {
    underlay,
    login,
    // Of one that is not up a warning is given: it has no tunnels yet.
    peers: await peerUnderlays(config.requireObject<string[]>("peers")),
    // Both owners' alike.
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: config.requireObject<VxlanOverlayArgs["containers"]>("containers"),
  });
  return { lab: overlay.lab };
};
