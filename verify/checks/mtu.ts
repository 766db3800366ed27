import type { Check, CheckKind } from "../check";
import type { Ping } from "../evidence/pings";
import { between, fateText, onPing, pairName, unanswered } from "../packets";
import { commonAddresses, farPairs, segmentsOf } from "../pairs";
import type { Pair } from "../pairs";

/** The MTU, from both sides: a packet of its size passes unfragmented, one byte more is refused. */
export const mtu: CheckKind = {
  about: "packet",
  of: (lab) =>
    segmentsOf(lab)
      .flatMap((ends) => farPairs(ends))
      .flatMap(mtuChecks),
};

function mtuChecks(pair: Pair): Check[] {
  const { from, to } = pair;
  const [address = ""] = commonAddresses(from, to);
  const ping = (size: number, mode: Ping["mode"]): Ping => ({
    name: ["mtu", ...pairName(pair), size].join("/"),
    ...between(from, address),
    ...{ mode, size },
  });
  const fits = ping(from.mtu, "fits");
  const tooBig = ping(from.mtu + 1, "too-big");
  return [
    { ...sizeCheck(pair, fits, "answered", "passes"), doubt: unanswered(fits) },
    {
      ...sizeCheck(pair, tooBig, "too long", "is refused: message too long"),
      doubt: ({ ok }) => (ok ? undefined : tooBig),
    },
  ];
}

function sizeCheck({ from }: Pair, ping: Ping, fate: "answered" | "too long", words: string): Check {
  return {
    ...{ kind: "mtu", name: ping.name, host: ping.host },
    expected: `a packet of ${ping.size} bytes with DF ${words}`,
    where: `./vxlab exec ${from.name} -- ip link show dev ${from.nic}`,
    needs: ["containers"],
    ping,
    judge: (facts, evidence) =>
      onPing(ping, facts, evidence, (found) => ({
        ok: found.fate === fate,
        got: fateText(found, "lost without an error"),
      })),
  };
}
