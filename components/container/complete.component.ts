/** Defaults of a container's interfaces for values that a program leaves out: the planner's rules, for a stack instead of a lab. */
import * as pulumi from "@pulumi/pulumi";
import { MacKind, computedMac } from "../../plan/mac";
import { vethName } from "../../plan/names";
import { stackIdentity } from "../naming";
import { MovableArgs, vtepOf } from "../host/context.component";
import { assumedMtu } from "../segment/mtu";
import { CompleteInterface, ContainerInterfaceArgs } from "./interfaces.component";

/** @param args of the container that is called `name` in Pulumi */
export function completeInterfaces(
  name: string,
  {
    container,
    host,
    interfaces,
  }: Pick<MovableArgs, "host"> & {
    container?: pulumi.Input<string>;
    interfaces: ContainerInterfaces;
  },
): pulumi.Input<pulumi.Input<CompleteInterface>[]> {
  const complete = (nic: ContainerInterfaceArgs, index: number): CompleteInterface => ({
    ...nic,
    mac: nic.mac ?? computedMac(stackIdentity(), MacKind.Container, name, index),
    mtu: nic.mtu ?? pulumi.output(vtepOf(host)).apply(assumedMtu),
    veth: nic.veth ?? pulumi.output(container ?? name).apply((text) => vethName(text, index)),
  });
  // A preview shows as much as is known: an unknown part of one interface must not hide the others.
  if (!Array.isArray(interfaces)) return pulumi.output(interfaces).apply((all) => all.map(complete));
  return interfaces.map((nic, index) =>
    isPlain(nic) ? complete(nic, index) : pulumi.output(nic).apply((known) => complete(known, index)),
  );
}

type ContainerInterfaces = pulumi.Input<pulumi.Input<ContainerInterfaceArgs>[]>;

function isPlain(nic: pulumi.Input<ContainerInterfaceArgs>): nic is ContainerInterfaceArgs {
  return !pulumi.Output.isInstance(nic) && !(nic instanceof Promise);
}
