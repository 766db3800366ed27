/** The kinds of things on a host. A new kind is a line in each list here. */
import { bridge, type BridgeState } from "../components/bridge/thing";
import { chain, type ChainState } from "../components/chain/thing";
import { container, type ContainerState } from "../components/container/thing";
import { encryption, type EncryptionState } from "../components/encryption/thing";
import { impairment, type ImpairmentState } from "../components/impairment/thing";
import { router, type RouterState } from "../components/router/thing";
import { port, type PortState } from "../components/segment/thing";
import { service, type ServiceState } from "../components/service/thing";
import type { ThingKind } from "../plan/thing";

/** The desired state of each kind of thing. */
export interface States {
  bridge: BridgeState;
  encryption: EncryptionState;
  port: PortState;
  impairment: ImpairmentState;
  router: RouterState;
  service: ServiceState;
  chain: ChainState;
  container: ContainerState;
}

export type StepKind = keyof States;

/** In the order in which they are declared and booted. */
export const THINGS: Readonly<Record<StepKind, ThingKind>> = {
  bridge,
  encryption,
  port,
  // Before containers, so that none runs without its impairments.
  impairment,
  router,
  service,
  // Before the containers, so that they send nothing past their chains.
  chain,
  container,
};
