import { addressNumber } from "../../plan/addresses";
import type { HostOutput, LabOutput } from "../../plan/contract";
import type { ContainerPlan, InterfacePlan } from "../../plan/types";
import type { Check, CheckKind, Verdict } from "../check";
import type { ContainerFacts, HostFacts } from "../evidence/facts";
import { onNic } from "../on-nic";
import { vlanFault } from "../on-port";
import { hostsNamed } from "../things";
import { taggedName } from "../../plan/names";

/** A container runs, with interfaces, addresses and ports as planned. */
export const container: CheckKind = {
  about: "thing",
  of: (lab) =>
    lab.containers.flatMap((plan) =>
      hostsNamed(lab, plan.host).map((host) => containerCheck(lab, plan, host)),
    ),
};

/** By segment, what its DHCP server lends, first and last. */
type Lent = ReadonlyMap<string, Range>;
interface Range {
  first: string;
  last: string;
}

function containerCheck(lab: LabOutput, plan: ContainerPlan, on: HostOutput): Check {
  const { name, host } = plan;
  const lent = new Map(
    lab.services.flatMap(({ segment, dhcp }) => (dhcp === undefined ? [] : [[segment, dhcp] as const])),
  );
  return {
    kind: "container",
    name: `container/${name}`,
    host,
    expected: ["RUNNING", ...plan.interfaces.flatMap(nicTexts)].join(", "),
    where: `./vxlab exec ${name} -- ip address show`,
    needs: ["switch", "containers"],
    judge: (facts) => onContainer(plan, on.bridge.name, lent, facts),
    repairs: () => [{ kind: "container", key: name }],
  };
}

function nicTexts({ name, mac, mtu, addresses, dhcp, trunk }: InterfacePlan): string[] {
  const words = [...(dhcp ? ["an address from DHCP"] : []), ...addresses].join(" ") || "no address";
  return [
    `${name} ${mac}, MTU ${mtu}, ${words}`,
    ...trunk.map(
      (tagged) => `${taggedName(name, tagged.vlan)} MTU ${tagged.mtu}, ${tagged.addresses.join(" ")}`,
    ),
  ];
}

function onContainer(
  { name, interfaces }: ContainerPlan,
  bridge: string,
  lent: Lent,
  facts: HostFacts,
): Verdict {
  const found = facts.containers.get(name);
  if (found === undefined) return { ok: false, got: "the container does not exist" };
  if (found.nics === undefined) {
    const words = [found.state, facts.trouble.get(`container ${name}`)];
    return { ok: false, got: words.filter(Boolean).join(": ") };
  }
  for (const { veth, vlan = 0, trunk } of interfaces) {
    const port = facts.ports?.get(veth);
    if (port === undefined) return { ok: false, got: `${found.state}, ${veth} is not on the bridge` };
    const vlans = trunk.length === 0 ? vlan : trunk.map((one) => one.vlan);
    const fault = vlanFault(veth, port, { bridge, vlans }, true);
    if (fault !== undefined) return { ok: false, got: `${found.state}, ${fault}` };
  }
  const verdicts = interfaces.flatMap((nic) => onInterface(nic, lent, found));
  const ok = found.state === "RUNNING" && verdicts.every((verdict) => verdict.ok);
  return { ok, got: [found.state, ...verdicts.map(({ got }) => got)].join(", ") };
}

function onInterface(plan: InterfacePlan, ranges: Lent, { nics }: ContainerFacts): Verdict[] {
  const { name, mac, mtu, addresses, dhcp, segment = "", trunk } = plan;
  const nic = nics?.get(name);
  if (nic === undefined) return [{ ok: false, got: `${name} is missing` }];
  const range = dhcp ? ranges.get(segment) : undefined;
  const lent = range === undefined ? [] : nic.addresses.filter((address) => isLent(address, range));
  const whole = onNic(nic, { mac, mtu, addresses: [...lent, ...addresses] });
  const own = { ok: whole.ok && lent.length === (dhcp ? 1 : 0), got: `${name} ${whole.got}` };
  const tagged = trunk.map((one): Verdict => {
    const device = taggedName(name, one.vlan);
    const inner = nics?.get(device);
    if (inner === undefined) return { ok: false, got: `${device} is missing` };
    const verdict = onNic(inner, { ...one, mac });
    return { ...verdict, got: `${device} ${verdict.got}` };
  });
  return [own, ...tagged];
}

function isLent(address: string, { first, last }: Range): boolean {
  const number = addressNumber(address.split("/")[0] ?? address);
  return number >= addressNumber(first) && number <= addressNumber(last);
}
