/**
 * What a program imports as "vxlab": components, and of the planner what an author of components needs. Importing this creates
 * nothing.
 *
 * @packageDocumentation
 */
export { OvsBridge, OvsBridgeArgs } from "./bridge/component";
export {
  ContainerExecArgs,
  ContainerFileArgs,
  ContainerRouteArgs,
  ContainerSysctlArgs,
} from "./container/content.component";
export { Connectivity, ConnectivityArgs } from "./connectivity/component";
export { ChainHopArgs, ServiceChain, ServiceChainArgs } from "./chain/component";
export { ChainFailure, ChainSpec } from "./chain/spec";
export { MeasuredWay, OverlayCost, OverlayCostArgs } from "./measurement/component";
export { CheckSpec, ConnectivityKind } from "./connectivity/spec";
export { Direction, ImpairmentEffects, ImpairmentSpec } from "./impairment/spec";
export { ContainerPortArgs } from "./container/ports.component";
export { ChainSide } from "./container/spec";
export { PortProtocol } from "./container/spec-inside";
export { ContainerInterfaceArgs, DhcpRangeArgs, TaggedArgs } from "./container/interfaces.component";
export * from "./container/kinds/index.component";
export { ContainerVariables } from "./container/variables.component";
export { EncryptionPeerArgs, HostEncryption, HostEncryptionArgs } from "./encryption/component";
export { WireguardKeys, wireguardKeys } from "./encryption/keys.component";
export { HostConnectionArgs } from "./guest-step";
export { MovableArgs, OnHostArgs } from "./host/context.component";
export { MachineShape } from "./host/domain.component";
export { ExistingHost, ExistingHostArgs, loginKey } from "./host/existing-host.component";
export { KvmHost, KvmHostArgs } from "./host/kvm-host.component";
export { GuestImage, GuestImageArgs, MachineImageArgs } from "./image/component";
export { ImageSource, LabImageArgs } from "./image/files.component";
export {
  ImpairedLinkArgs,
  ImpairedPortArgs,
  Impairment,
  ImpairmentArgs,
  TunnelPacketsArgs,
} from "./impairment/component";
export { MachinesArgs } from "./lab/machines";
export { LabContainer, LabHost, LabSegment } from "./lab/parts";
export { UnderlayStack, ownUnderlay, peerUnderlays } from "./lab/references";
export { VxlanLab, VxlanLabArgs } from "./lab/vxlan-lab";
export { OverlayGroundArgs, OverlayHostArgs, VxlanOverlay, VxlanOverlayArgs } from "./lab/vxlan-overlay";
export { VxlanUnderlay, VxlanUnderlayArgs } from "./lab/vxlan-underlay";
export { EvpnNeighbourArgs, EvpnRouter, EvpnRouterArgs } from "./router/component";
export { StationArgs, VxlanPort, VxlanPortArgs } from "./segment/component";
export { DhcpArgs, SegmentService, SegmentServiceArgs } from "./service/component";
export { UnderlayNetwork, UnderlayNetworkArgs } from "./underlay/component";

/** Settings of a lab. */
export { Encapsulation } from "../plan/net/encap";
export { Accel, ContainerKind, Encryption, Flooding, HostNeed, ImageKind, UnderlayMode } from "../plan/types";
export type {
  ContainerSpec,
  DhcpSpec,
  EvpnSpec,
  ExecSpec,
  ExistingSpec,
  FileSpec,
  GatewaySpec,
  HostGatewaySpec,
  HostSpec,
  ImageSpec,
  InterfaceSpec,
  Problem,
  RouteSpec,
  SegmentSpec,
  Topology,
  UnderlaySpec,
} from "../plan/types";

/** Stack outputs: `lab` of a lab or an overlay, `vteps`, `login` and `tunnelKeys` of an underlay. */
export type {
  HostOutput,
  LabOutput,
  PortOutput,
  PublishedHost,
  PublishedLab,
  PublishedPort,
  ReachOutput,
  TunnelOutput,
  UnderlayOutput,
} from "../plan/contract";
export type { EncryptionOutput, EncryptionPeerOutput, PublishedEncryption } from "../plan/encryption-output";
export { readLab } from "../plan/published-lab";
export { ContractError, Finding, readVteps } from "../plan/read-vteps";
export type {
  LoginOutput,
  TunnelKeysOutput,
  VtepEncryptionOutput,
  VtepOutput,
  VtepsEvpnOutput,
  VtepSshOutput,
  VtepsOutput,
} from "../plan/vteps";

/** The planner: the same input gives the same plan, names and addresses. */
export { TopologyError } from "../plan/errors";
export type {
  BridgePlan,
  ChainOutput,
  ChainPlan,
  CheckFacts,
  CheckPlan,
  ContainerPlan,
  CrossedPlan,
  DhcpPlan,
  DhcpRange,
  EncryptionPeerPlan,
  EncryptionPlan,
  EndPlan,
  EvpnPlan,
  ExecPlan,
  ExistingHostPlan,
  ExistingPlan,
  FilePlan,
  HopOutput,
  HopPlan,
  HostPlan,
  ImpairedPlacePlan,
  ImpairedPortPlan,
  ImpairedRemotePlan,
  ImpairmentPlan,
  InterfacePlan,
  LabPlan,
  MachinePlan,
  NeighbourPlan,
  PortPlan,
  RoutePlan,
  RouterPlan,
  ServicePlan,
  StationPlan,
  SysctlPlan,
  TaggedPlan,
  TransparentHopPlan,
  TunnelPacketsPlan,
  UnderlayPlan,
  VxlanPortPlan,
} from "../plan/lab-plan";
export { MacKind, computedMac } from "../plan/mac";
export { maxOverlayMtu, tunnelOverhead } from "../plan/net/encap";
export { IpFamily } from "../plan/net/family";
export { impairmentDevice, serviceDevice, tunnelName, vethName } from "../plan/names";
export { planLab } from "../plan/plan";
export type { LabIdentity, Sections } from "../plan/resolve";

/** For the provider that a hypervisor is reached by; no registry carries this SDK. */
export * as libvirt from "@pulumi/libvirt";
