/** One owner's machines. What is put on them is the business of the owner's overlay; where they are, everybody's. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Accel, Topology, UnderlayMode, VxlanUnderlay } from "vxlab";

const config = new pulumi.Config();
const folder = config.require("image");

const underlay = new VxlanUnderlay("underlay", {
  libvirtUri: config.require("libvirtUri"),
  accel: config.require("accel") === "kvm" ? Accel.Kvm : Accel.Emulated,
  image: {
    version: basename(folder),
    root: `${folder}/root.qcow2`,
    kernel: `${folder}/vmlinuz`,
    initrd: `${folder}/initrd.img`,
    cmdline: readFileSync(`${folder}/cmdline`, "utf8").trim(),
  },
  topology: {
    // The other owner's network is reached by way of the hypervisor.
    underlay: { cidr: config.require("cidr"), mode: UnderlayMode.Routed },
    hosts: config.requireObject<Topology["hosts"]>("hosts"),
    image: {},
    segments: {},
    containers: {},
  },
});

export const vteps = underlay.vteps;
/** Private keys, a secret: for the owner's own overlay. */
export const login = underlay.login;
