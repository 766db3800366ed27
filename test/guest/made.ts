/** What a host gets of a thing, made from what its component is given, by the functions that the components use. */
import { bridgeState, type BridgeWanted } from "../../components/bridge/thing";
import { ContainerKind } from "../../components/container/kinds";
import { containerState, type InterfaceWanted } from "../../components/container/thing";
import { impairmentState, type ImpairmentWanted } from "../../components/impairment/thing";
import {
  encryptionState,
  type EncryptionSecrets,
  type EncryptionWanted,
} from "../../components/encryption/thing";
import { routerState, type RouterWanted } from "../../components/router/thing";
import { portState, type PortWanted } from "../../components/segment/thing";
import { serviceState, type ServiceWanted } from "../../components/service/thing";
import { PROTOCOL, stepInput, type Envelope } from "../../guest/protocol";
import type { States, StepKind } from "../../guest/things";

interface ContainerWanted {
  name: string;
  kind?: string;
  image?: string;
  archive?: string;
  command?: string[];
  env?: string[];
  volumes?: Record<string, string>;
  capAdd?: string[];
  interfaces: InterfaceWanted[];
}

/** Of kinds whose state is not made of arguments one by one, the state itself. */
interface Wanted extends Omit<States, keyof typeof STATES> {
  bridge: BridgeWanted;
  encryption: EncryptionWanted & Partial<EncryptionSecrets>;
  port: PortWanted;
  impairment: ImpairmentWanted;
  router: RouterWanted;
  service: ServiceWanted;
  container: ContainerWanted;
}

/** The thing and whose it is. */
export type Thing<Kind extends StepKind = StepKind> = Wanted[Kind] & { id: string; lab: string };

const STATES = {
  bridge: bridgeState,
  encryption: encryptionState,
  port: portState,
  impairment: impairmentState,
  router: routerState,
  service: serviceState,
  container: ({ kind = ContainerKind.Lxc, ...wanted }: ContainerWanted) =>
    containerState(kind as ContainerKind)(wanted),
};

export function envelopeOf<Kind extends StepKind>(
  kind: Kind,
  { id, lab, ...wanted }: Thing<Kind>,
): Envelope<Kind> {
  const makers = STATES as Partial<Record<StepKind, unknown>>;
  const make = (makers[kind] ?? ((state: object) => state)) as (wanted: object) => Envelope<Kind>["state"];
  return { v: PROTOCOL, id, lab, state: make(wanted) };
}

/** stdin of its step. */
export function inputOf<Kind extends StepKind>(kind: Kind, thing: Thing<Kind> | Envelope<Kind>): string {
  if ("v" in thing) return stepInput(thing);
  const { env = [], privateKey } = thing as Partial<ContainerWanted & EncryptionSecrets>;
  const secrets = privateKey === undefined ? { env } : { privateKey };
  return stepInput(
    envelopeOf(kind, thing),
    env.length === 0 && privateKey === undefined ? undefined : secrets,
  );
}

/** Text that a host keeps of it. */
export function keptOf<Kind extends StepKind>(kind: Kind, thing: Thing<Kind>): string {
  return `${JSON.stringify(envelopeOf(kind, thing))}\n`;
}
