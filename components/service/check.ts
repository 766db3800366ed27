/** Checks of the ranges of DHCP servers. */
import { addressText } from "../../plan/addresses";
import type { Problem } from "../../plan/problem";
import type { ResolvedLab, ResolvedSegment } from "../../plan/resolved";
import { pathOf } from "../../plan/rules";

export function checkServices(lab: ResolvedLab): Problem[] {
  return lab.segments.flatMap((segment) => checkRange(lab, segment));
}

function checkRange(lab: ResolvedLab, { name, spec, service }: ResolvedSegment): Problem[] {
  if (service?.range === undefined) return [];
  const { range } = service;
  const own = service.four?.address;
  const { first, last } = spec.dhcp ?? {};
  const path = pathOf("segments", name, "dhcp", first === undefined && last !== undefined ? "last" : "first");
  const text = `${addressText(range.first)} to ${addressText(range.last)}`;
  const problem = (message: string, cure: string) => [{ path, got: first ?? last, message, cure }];
  if (range.first > range.last)
    return problem(`Makes the range ${text} empty.`, "Write a first that is not above last.");
  if (own !== undefined && own >= range.first && own <= range.last) {
    const message = `The range ${text} contains the server's own address ${addressText(own)}.`;
    return problem(message, "Write a range without that address, or another gateway.address.");
  }
  const [room, wanted] = [range.last - range.first + 1n, dhcpClientCount(lab, name)];
  if (wanted <= room) return [];
  return problem(
    `The range ${text} has ${room} addresses for ${wanted} containers.`,
    "Write a larger range.",
  );
}

function dhcpClientCount({ containers }: ResolvedLab, segment: string): bigint {
  const nics = containers.flatMap((container) => container.nics);
  return BigInt(
    nics.filter((nic) => nic.place !== undefined && nic.dhcp && nic.place.segment.name === segment).length,
  );
}
