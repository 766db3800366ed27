import { CONTAINER_KINDS } from "../../components/container/kinds";
import type { HostOutput, LabOutput } from "../../plan/contract";
import type { ContainerPlan } from "../../plan/types";
import type { Check, CheckKind, Verdict } from "../check";
import { UNSEEN } from "../drift";
import type { HostFacts, KeptFacts } from "../evidence/facts";
import { tunnelsOn } from "../../components/chain/thing";
import { chainsOn, isThing, servicesOn, thingText, thingsOn } from "../things";
import type { Thing } from "../things";
import { portsOf, WAYS } from "../../components/segment/ways";

/**
 * Everything of this lab on the host is in the plan. Things that belong to no lab are listed, and are not faults.
 */
export const foreign: CheckKind = {
  about: "host",
  of: (lab) => lab.hosts.map((host) => foreignCheck(lab, host)),
};

/** What the plan has on this host. */
interface Planned {
  lab: string;
  things: readonly Thing[];
  bridges: readonly string[];
  /** Every port of these bridges, their own included. */
  ports: readonly string[];
  /** Containers. */
  boxes: readonly ContainerPlan[];
  /** The host of every planned container. */
  homes: Readonly<Record<string, string>>;
}

function foreignCheck(lab: LabOutput, host: HostOutput): Check {
  const { name } = host;
  const planned = plannedOn(lab, host);
  return {
    kind: "foreign",
    name: `foreign/${name}`,
    host: name,
    expected: `only containers, ports and desired state of this lab that the plan puts on ${name}`,
    where: `./vxlab ssh ${name} -- 'ls /var/lib/vxlab/desired; ovs-vsctl show'`,
    needs: ["switch", "kept", "containers"],
    judge: (facts) => onForeign(planned, facts),
    foreign: (facts) => foreignOf(planned, facts),
  };
}

function plannedOn(lab: LabOutput, host: HostOutput): Planned {
  const boxes = lab.containers.filter((box) => box.host === host.name);
  return {
    lab: lab.id,
    things: thingsOn(lab, host),
    bridges: [
      host.bridge.name,
      ...host.ports.flatMap((port) => WAYS[port.flooding].bridges?.(port.vni) ?? []),
    ],
    ports: [
      host.bridge.name,
      ...host.ports.flatMap((port) => portsOf(port.flooding, port)),
      ...servicesOn(lab, host),
      ...chainsOn(lab, host).flatMap((chain) => tunnelsOn(chain, host.name)),
      ...boxes.flatMap(({ interfaces }) => interfaces.map(({ veth }) => veth)),
    ],
    boxes,
    homes: Object.fromEntries(lab.containers.map((box) => [box.name, box.host])),
  };
}

function onForeign(planned: Planned, facts: HostFacts): Verdict {
  if (facts.kept === undefined || facts.boxes === undefined || facts.bridges === undefined) return UNSEEN;
  const strays = straysOf(planned, facts);
  const others = foreignOf(planned, facts);
  const aside = others.length === 0 ? [] : [`foreign, left alone: ${others.join(", ")}`];
  if (strays.length === 0) return { ok: true, got: aside[0] ?? "nothing unplanned" };
  return { ok: false, got: [`not in the plan of this host: ${strays.join(", ")}`, ...aside].join("; ") };
}

/** Things of this lab that the plan does not have on this host. */
function straysOf(planned: Planned, facts: HostFacts): string[] {
  const files = strayFiles(planned, facts);
  const known = new Set(files.flatMap(({ lab, step }) => [step, `${lab}-${step}`]));
  const ports = unplannedPorts(planned, facts).filter(
    ([, { step }]) => step !== undefined && !known.has(step),
  );
  const bridges = [...(facts.bridges ?? [])].filter(
    ([name, lab]) => lab === planned.lab && !planned.bridges.includes(name),
  );
  return [
    ...files.map((file) => `${thingText(file)}${plannedPlace(planned, file, facts)}`),
    ...bridges.map(([name]) => `bridge ${name}`),
    ...ports.map(([name, { step }]) => `port ${name} of ${step}`),
  ];
}

function plannedPlace({ homes }: Planned, { kind, key }: KeptFacts, { boxes }: HostFacts): string {
  if (kind !== "container") return "";
  const runs = boxes?.some((box) => box.name === runtimeName(box.kind, key) && box.state === "RUNNING");
  const home = homes[key];
  const words = [
    ...(runs ? ["running"] : []),
    home === undefined ? "not in the plan of any host" : `planned on ${home}`,
  ];
  return ` (${words.join("; ")})`;
}

function runtimeName(kind: keyof typeof CONTAINER_KINDS, key: string): string {
  return CONTAINER_KINDS[kind].runtimeName(key);
}

function strayFiles({ lab, things }: Planned, { kept = [] }: HostFacts): KeptFacts[] {
  return kept.filter((file) => file.lab === lab && !things.some((thing) => isThing(thing, file)));
}

/** On bridges of this lab. */
function unplannedPorts({ bridges, ports, lab }: Planned, facts: HostFacts) {
  const ours = (bridge = "") => bridges.includes(bridge) || facts.bridges?.get(bridge) === lab;
  return [...(facts.ports ?? [])].filter(
    ([name, { bridge }]) => ours(bridge) && !ports.includes(name) && name !== bridge,
  );
}

/** Belongs to no lab. */
function foreignOf(planned: Planned, facts: HostFacts): string[] {
  const ports = unplannedPorts(planned, facts).filter(([, { step }]) => step === undefined);
  const strays = strayFiles(planned, facts).filter(({ kind }) => kind === "container");
  const boxes = (facts.boxes ?? []).filter(({ name, kind, state }) => {
    const mine = (key: string) => name === runtimeName(kind, key);
    const own = planned.boxes.some((box) => box.kind === kind && mine(box.name));
    return state === "RUNNING" && !own && !strays.some(({ key }) => mine(key));
  });
  return [
    ...ports.map(([name, { bridge = "" }]) => `port ${name} on ${bridge}`),
    ...boxes.map(({ name, kind }) => `${CONTAINER_KINDS[kind].title} container ${name}`),
  ];
}
