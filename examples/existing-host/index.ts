/** One segment across a machine made here and a server that is there already. */
import * as pulumi from "@pulumi/pulumi";
import { UnderlayMode, VxlanLab } from "vxlab";

const config = new pulumi.Config();

export const { lab } = new VxlanLab("lab", {
  topology: {
    // Routed, without translation: VTEPs reach each other by their own addresses.
    underlay: { cidr: "192.168.30.0/24", mode: UnderlayMode.Routed },
    hosts: {
      k1: { address: "192.168.30.11" },
      server: {
        address: config.require("server"),
        existing: { hostKey: config.require("serverKey"), keyFile: config.require("keyFile") },
      },
    },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: {
      c1: { host: "k1", address: "10.0.3.10/24" },
      c2: { host: "server", address: "10.0.3.11/24" },
    },
  },
});
