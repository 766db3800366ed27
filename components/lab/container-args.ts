/** From the plan of a container to the arguments of its component. */
import type * as pulumi from "@pulumi/pulumi";
import type { ContainerPlan, InterfacePlan } from "../../plan/types";
import type { ContainerVariables } from "../container/variables.component";

export function containerArgs(
  { name: container, command, interfaces, image, archive, env: texts, ...more }: ContainerPlan,
  bridge: pulumi.Input<string>,
  secrets?: ContainerVariables,
) {
  const env = secrets === undefined ? texts : { ...texts, ...secrets };
  const nics = interfaces.map(({ mac, mtu, veth, vlan, addresses, dhcp, gateway, trunk, ...security }) => ({
    ...{ bridge, mac, mtu, veth, addresses },
    // Unused arguments are left out, since a preview shows every argument.
    ...(vlan === undefined ? {} : { vlan }),
    ...(dhcp ? { dhcp } : {}),
    ...(gateway === undefined ? {} : { gateway }),
    ...(trunk.length === 0 ? {} : { trunk: trunk.map((one) => tagged(one, security.portSecurity)) }),
    ...securityArgs(security),
    ...(security.forwards === undefined ? {} : { forwards: security.forwards }),
  }));
  return {
    container,
    command: command.length === 0 ? undefined : command,
    interfaces: nics,
    ...(image === undefined ? {} : { image }),
    ...(archive === undefined ? {} : { archive }),
    ...(env === undefined ? {} : { env }),
    ...insideArgs(more),
  };
}

function insideArgs({
  files,
  exec,
  routes,
  sysctls,
  ports,
  rootfs,
  volumes,
  capAdd,
}: Partial<ContainerPlan>) {
  return {
    ...(rootfs === undefined ? {} : { rootfs }),
    ...(volumes === undefined ? {} : { volumes }),
    ...(capAdd === undefined ? {} : { capAdd }),
    ...(files === undefined
      ? {}
      : { files: Object.fromEntries(files.map(({ target, ...file }) => [target, file])) }),
    ...(exec === undefined ? {} : { exec }),
    ...(routes === undefined ? {} : { routes }),
    ...(sysctls === undefined ? {} : { sysctls }),
    ...(ports === undefined ? {} : { ports }),
  };
}

const tagged = (
  { vlan, addresses, mtu, portSecurity, forwards }: InterfacePlan["trunk"][number],
  interfacePortSecurity: boolean,
) => ({
  ...{ vlan, addresses, mtu },
  ...(portSecurity === interfacePortSecurity ? {} : { portSecurity }),
  ...(forwards === undefined ? {} : { forwards }),
});

function securityArgs({ portSecurity, dhcpRange }: Pick<InterfacePlan, "portSecurity" | "dhcpRange">) {
  if (!portSecurity) return { portSecurity };
  return dhcpRange === undefined ? {} : { dhcpRange };
}
