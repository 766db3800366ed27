/** Whether checks hold, from what was gathered. */
import type { Check, CheckResult, Evidence, Verdict } from "./check";
import type { HostFacts } from "./evidence/facts";

export function judge(check: Check, evidence: Evidence): CheckResult {
  const { name, expected, where } = check;
  const { ok, got } = verdictOn(check, evidence);
  return { name, ok, expected, got, where };
}

function verdictOn(check: Check, evidence: Evidence): Verdict {
  const host = evidence.hosts.get(check.host) ?? { silent: "was not asked" };
  if ("facts" in host) return check.judge(host.facts, evidence);
  return { ok: false, got: check.kind === "ssh" ? host.silent : `unknown: ${check.host} ${host.silent}` };
}

export function factsOn(host: string, { hosts }: Pick<Evidence, "hosts">): HostFacts | undefined {
  const found = hosts.get(host);
  return found !== undefined && "facts" in found ? found.facts : undefined;
}
