/** One owner's machines. What is put on them is the business of the owner's overlay; where they are, everybody's. */
import * as pulumi from "@pulumi/pulumi";
import { Topology, UnderlayMode, VxlanUnderlay } from "vxlab";

const config = new pulumi.Config();

const underlay = new VxlanUnderlay("underlay", {
  topology: {
    // The other owner's network is reached by way of the hypervisor.
    underlay: { cidr: config.require("cidr"), mode: UnderlayMode.Routed },
    hosts: config.requireObject<Topology["hosts"]>("hosts"),
  },
});

export const vteps = underlay.vteps;
/** Private keys, a secret: for the owner's own overlay. */
export const login = underlay.login;
