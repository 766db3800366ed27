import type { HostOutput, LabOutput } from "../../plan/contract";
import type { Check, CheckKind, Verdict } from "../check";
import { UNSEEN } from "../drift";
import type { HostFacts } from "../evidence/facts";
import { isThing, thingText, thingsOn } from "../things";
import type { Thing } from "../things";

/** The desired state of every planned thing is on the host: a thing without it does not start after a reboot. */
export const kept: CheckKind = {
  about: "host",
  of: (lab) => lab.hosts.map((host) => keptCheck(lab, host)),
};

function keptCheck(lab: LabOutput, host: HostOutput): Check {
  const { name } = host;
  const things = thingsOn(lab, host);
  const missing = (facts: HostFacts) => missingOf(lab.id, things, facts);
  return {
    kind: "kept",
    name: `kept/${name}`,
    host: name,
    expected: `desired state of ${things.length} things, applied again after a reboot of ${name}`,
    where: `./vxlab ssh ${name} -- ls /var/lib/vxlab/desired`,
    needs: ["kept"],
    judge: (facts) => (facts.kept === undefined ? UNSEEN : onKept(things.length, missing(facts))),
    repairs: (facts) => missing(facts).map(({ kind, key }) => ({ kind, key })),
  };
}

function missingOf(lab: string, things: readonly Thing[], { kept: files = [] }: HostFacts): Thing[] {
  const own = files.filter((file) => file.lab === lab);
  return things.filter((thing) => !own.some((file) => isThing(thing, file)));
}

function onKept(wanted: number, missing: readonly Thing[]): Verdict {
  if (missing.length === 0) return { ok: true, got: `${wanted} files` };
  return { ok: false, got: `missing: ${missing.map(thingText).join(", ")}` };
}
