/** Ports of a host that lead to a container of any kind, as a program gives them. */
import * as pulumi from "@pulumi/pulumi";
import { portsDevice } from "../../plan/names";
import { vtepOf } from "../host/context.component";
import type { MovableArgs } from "../host/context.component";
import { PortProtocol } from "./spec-inside";
import type { PublishedState } from "./thing";

/**
 * A port of a host that leads to a container.
 *
 * @example
 * ```ts
 * const dns: ContainerPortArgs = { port: 5353, to: 53, protocol: PortProtocol.Udp };
 * ```
 */
export interface ContainerPortArgs {
  /** Port of the host, at its IPv4 address on the underlay. */
  port: pulumi.Input<number>;
  /** Port of the container. */
  to: pulumi.Input<number>;
  /** Protocol of both. @default PortProtocol.Tcp */
  protocol?: pulumi.Input<PortProtocol>;
}

interface PublishingArgs extends Pick<MovableArgs, "host"> {
  container?: pulumi.Input<string>;
  ports?: pulumi.Input<pulumi.Input<ContainerPortArgs>[]>;
}

/** @param name of the container, unless `args` has one */
export function publishedPorts(
  name: string,
  { container, host, ports }: PublishingArgs,
): pulumi.Output<PublishedState | undefined> {
  if (ports === undefined) return pulumi.output(undefined);
  return pulumi.all([container ?? name, vtepOf(host), ports]).apply(([box, address, known]) => {
    const [first] = known;
    if (first === undefined) return undefined;
    return {
      device: portsDevice(box),
      // Different for each container of a host, since a port leads to one container only.
      own: `169.254.${first.port >> 8}.${first.port & 255}`,
      address,
      ports: known.map(({ port, to, protocol = PortProtocol.Tcp }) => ({ port, to, protocol })),
    };
  });
}
