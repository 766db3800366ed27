/** Checks of hosts among each other, and of their bridges' networks against the underlay. */
import { addressText } from "../../plan/addresses";
import type { Problem } from "../../plan/problem";
import type { ResolvedLab } from "../../plan/resolved";
import { pathOf, repeated } from "../../plan/rules";
import { underlayClash } from "../underlay/check";

export function checkHosts(lab: ResolvedLab): Problem[] {
  const claims = lab.hosts.map(({ name, spec, address }) => ({
    path: pathOf("hosts", name, "address"),
    got: spec.address,
    key: addressText(address),
  }));
  return [
    ...lab.hosts.flatMap(({ name, spec, bridgeAddress }) =>
      bridgeAddress === undefined
        ? []
        : underlayClash(
            lab,
            pathOf("hosts", name, "bridgeAddress"),
            spec.bridgeAddress,
            bridgeAddress.subnet,
          ),
    ),
    ...repeated(claims, "This address", "Give each host an address of its own."),
  ];
}
