/** The types that most of the project uses: settings, plan, problems. */
export { ContainerKind } from "../components/container/kinds";
export type { ContainerSpec, InterfaceSpec } from "../components/container/spec";
export type { ExecSpec, FileSpec, RouteSpec } from "../components/container/spec-inside";
export { HostNeed } from "../components/host/spec";
export type { ExistingSpec, HostSpec } from "../components/host/spec";
export { ImageKind } from "../components/image/spec";
export type { ImageSpec } from "../components/image/spec";
export type { EvpnSpec } from "../components/router/spec";
export { Flooding } from "../components/segment/spec";
export type { SegmentSpec } from "../components/segment/spec";
export type { DhcpSpec, GatewaySpec, HostGatewaySpec } from "../components/service/spec";
export { Accel, Encryption, UnderlayMode } from "../components/underlay/spec";
export type { UnderlaySpec } from "../components/underlay/spec";
export type * from "./lab-plan";
export type { Problem } from "./problem";
export type { Topology } from "./settings";
