import type { HostOutput } from "../../plan/contract";
import type { BridgePlan } from "../../plan/types";
import type { Check, CheckKind, Verdict } from "../check";
import type { HostFacts } from "../evidence/facts";
import { onNic } from "../on-nic";
import { vlanFault } from "../on-port";

/** The bridge's own interface. */
export const bridge: CheckKind = { about: "host", of: ({ hosts }) => hosts.map(bridgeCheck) };

function bridgeCheck({ name, bridge: plan }: HostOutput): Check {
  const address = plan.address ?? "no address";
  return {
    kind: "bridge",
    name: `bridge/${name}/${plan.name}`,
    host: name,
    expected: `${plan.mac}, MTU ${plan.mtu}, ${address}`,
    where: `./vxlab ssh ${name} -- ip address show dev ${plan.name}`,
    needs: ["links", "switch"],
    judge: (facts) => onBridge(plan, facts),
    repairs: () => [{ kind: "bridge", key: plan.name }],
  };
}

function onBridge(plan: BridgePlan, facts: HostFacts): Verdict {
  if (facts.bridge === undefined)
    return { ok: false, got: facts.trouble.get("bridge") ?? "the bridge does not exist" };
  const port = facts.ports?.get(plan.name);
  const fault = port && vlanFault(plan.name, port, { bridge: plan.name, vlans: 0 }, false);
  if (fault !== undefined) return { ok: false, got: fault };
  return onNic(facts.bridge, { ...plan, addresses: plan.address === undefined ? [] : [plan.address] });
}
