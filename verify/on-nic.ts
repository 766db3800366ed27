/** Verdict on one interface: MAC, MTU and addresses. */
import type { Verdict } from "./check";
import type { NicFacts } from "./evidence/facts";

export function onNic(nic: NicFacts, wanted: Pick<NicFacts, "mac" | "mtu" | "addresses">): Verdict {
  const ok =
    nic.up &&
    nic.mac === wanted.mac &&
    nic.mtu === wanted.mtu &&
    sorted(nic.addresses) === sorted(wanted.addresses);
  return { ok, got: nicText(nic) };
}

function nicText({ mac, mtu, up, addresses }: NicFacts): string {
  return `${mac}, MTU ${mtu}, ${addresses.join(" ") || "no address"}${up ? "" : ", down"}`;
}

function sorted(addresses: readonly string[]): string {
  return [...addresses].sort().join();
}
