/** The components, for programs of others. Importing this creates nothing. */
export { ContainerInterfaceArgs, DhcpRangeArgs, TaggedArgs } from "./container/interfaces.component";
export { DockerContainer, DockerContainerArgs } from "./container/kinds/docker/component";
export { ExistingHost, ExistingHostArgs } from "./host/existing-host.component";
export { GuestImage, GuestImageArgs, MachineImageArgs } from "./image/component";
export { HostConnectionArgs } from "./guest-step";
export { KvmHost, KvmHostArgs } from "./host/kvm-host.component";
export { LxcContainer, LxcContainerArgs } from "./container/kinds/lxc/component";
export { OvsBridge, OvsBridgeArgs } from "./bridge/component";
export { UnderlayStack, ownUnderlay, peerUnderlays } from "./lab/references";
export { DhcpArgs, SegmentService, SegmentServiceArgs } from "./service/component";
export { UnderlayNetwork, UnderlayNetworkArgs } from "./underlay/component";
export { LabImageArgs } from "./image/files.component";
export { VxlanLab, VxlanLabArgs } from "./lab/vxlan-lab";
export { OverlayGroundArgs, OverlayHostArgs, VxlanOverlay, VxlanOverlayArgs } from "./lab/vxlan-overlay";
export { StationArgs, VxlanPort, VxlanPortArgs } from "./segment/component";
export { VxlanUnderlay } from "./lab/vxlan-underlay";
export { Accel, ContainerKind, Flooding, HostNeed, ImageKind, Topology, UnderlayMode } from "../plan/types";
/** For the provider that a hypervisor is reached by; no registry carries this SDK. */
export * as libvirt from "@pulumi/libvirt";
