import * as pulumi from "@pulumi/pulumi";
import { VxlanLab } from "vxlab";

const demo = new VxlanLab("demo", {
  // Unique to this lab: MAC addresses are computed from it.
  identity: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  topology: {
    hosts: { kvm1: { address: "192.168.10.11" }, kvm2: { address: "192.168.10.12" } },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: { c1: { host: "kvm1" }, c2: { host: "kvm2" } },
  },
});

export const lab = demo.lab;
