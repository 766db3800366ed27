/** The components, for programs of others. Importing this creates nothing. */
export { ContainerInterfaceArgs, DhcpRangeArgs, TaggedArgs } from "./container-interfaces";
export { DockerContainer, DockerContainerArgs } from "./docker-container";
export { ExistingHost, ExistingHostArgs } from "./existing-host";
export { GuestImage, GuestImageArgs, MachineImageArgs } from "./guest-image";
export { HostConnectionArgs } from "./guest-step";
export { KvmHost, KvmHostArgs } from "./kvm-host";
export { LxcContainer, LxcContainerArgs } from "./lxc-container";
export { OvsBridge, OvsBridgeArgs } from "./ovs-bridge";
export { UnderlayStack, ownUnderlay, peerUnderlays } from "./references";
export { DhcpArgs, SegmentService, SegmentServiceArgs } from "./segment-service";
export { UnderlayNetwork, UnderlayNetworkArgs } from "./underlay-network";
export { LabImageArgs, VxlanLab, VxlanLabArgs } from "./vxlan-lab";
export { OverlayGroundArgs, OverlayHostArgs, VxlanOverlay, VxlanOverlayArgs } from "./vxlan-overlay";
export { StationArgs, VxlanPort, VxlanPortArgs } from "./vxlan-port";
export { VxlanUnderlay } from "./vxlan-underlay";
export { Accel, ContainerKind, Flooding, HostNeed, ImageKind, Topology, UnderlayMode } from "../plan/types";
/** For the provider that a hypervisor is reached by; no registry carries this SDK. */
export * as libvirt from "@pulumi/libvirt";
