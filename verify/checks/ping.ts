import type { CheckKind } from "../check";
import { pairPing, pingCheck } from "../packets";
import { commonAddresses, pingPairs, segmentsOf } from "../pairs";

/** Containers of a segment answer each other, by each family of addresses that they have in common. */
export const ping: CheckKind = {
  about: "packet",
  of: (lab, { allPairs = false }) =>
    segmentsOf(lab)
      .flatMap((ends) => pingPairs(ends, allPairs))
      .flatMap((pair) =>
        commonAddresses(pair.from, pair.to).map((address) =>
          pingCheck(
            "ping",
            pairPing(pair, address),
            `${pair.to.name} (${address}) answers ${pair.from.name}`,
          ),
        ),
      ),
};
