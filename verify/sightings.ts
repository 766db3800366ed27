/** Where a ping is lost, from what tcpdump saw on both hosts while it was sent. Pure. */
import { ENCAPSULATIONS } from "../plan/net/encap";

/** A request for an address, or an answer from it, as one interface of a host saw it. */
export interface Sighting {
  device: string;
  /** tcpdump's word: In, Out, or P, B, M for frames that are not the host's own. */
  direction: string;
  /** Inside a tunnel. */
  wrapped: boolean;
  what: "request" | "answer";
}

/** The line of `tcpdump -n -i any`: time, interface, direction, and the packet. */
const LINE = /^\S+ (\S+)\s+(In|Out|P|B|M)\s+(\S.*)$/;

/** @param to the address that is pinged: ARP and neighbour discovery count as its ping does, since they go first */
export function parseSightings(text: string, to: string): Sighting[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index): Sighting[] => {
    const [, device = "", direction = "", packet = ""] = LINE.exec(line) ?? [];
    // Whatever the encapsulation: tcpdump decodes all UDP as VXLAN (evidence/wire.ts).
    const wrapped = packet.includes(": VXLAN, ");
    const what = meaning(wrapped ? (lines[index + 1] ?? "") : packet, to);
    return what === undefined ? [] : [{ device, direction, wrapped, what }];
  });
}

function meaning(packet: string, to: string): Sighting["what"] | undefined {
  const about = (...forms: string[]) => forms.some((form) => packet.includes(form));
  if (about(`> ${to}: ICMP echo request`, `> ${to}: ICMP6, echo request`)) return "request";
  if (about(`who-has ${to} `, `who has ${to},`)) return "request";
  if (about(` ${to} > `) && about("ICMP echo reply", "ICMP6, echo reply")) return "answer";
  return about(`Reply ${to} is-at`, `tgt is ${to},`) ? "answer" : undefined;
}

/** The kernel's devices behind a host's tunnel socket: packets seen there have been accepted. */
const TUNNELS = new RegExp(
  `^(${Object.values(ENCAPSULATIONS)
    .map(({ device }) => device)
    .join("|")}|vm\\d)`,
);

/**
 * @param source sighted on the host that sends
 * @param sink sighted on the host of the address
 */
export function cutText(
  { from, to }: { from: string; to: string },
  source: readonly Sighting[],
  sink: readonly Sighting[],
): string {
  const wire = (seen: readonly Sighting[], what: Sighting["what"], out: boolean) =>
    seen.some((one) => one.wrapped && one.what === what && (one.direction === "Out") === out);
  const taken = (seen: readonly Sighting[], what: Sighting["what"]) =>
    seen.some(
      (one) => !one.wrapped && one.what === what && TUNNELS.test(one.device) && one.direction !== "Out",
    );
  if (wire(source, "answer", false))
    return taken(source, "answer")
      ? `requests reach ${to} and replies reach ${from}, which does not forward them`
      : `requests reach ${to} and replies reach ${from}, which drops them: the path from ${to} to ${from} is cut at ${from}`;
  if (wire(sink, "answer", true))
    return `requests reach ${to}, replies do not reach ${from}: the path from ${to} to ${from} is cut`;
  if (wire(sink, "request", false))
    return taken(sink, "request")
      ? `requests reach ${to}, and nothing replies there`
      : `requests reach ${to}, which drops them: the path from ${from} to ${to} is cut at ${to}`;
  if (wire(source, "request", true))
    return `requests leave ${from} and do not reach ${to}: the path from ${from} to ${to} is cut`;
  return `no request leaves ${from}`;
}
