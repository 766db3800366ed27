import { impairmentsOn } from "../things";
import type { Part } from "./part";

/** Counters of impairments. */
export const queues: Part = {
  args: (lab, host) =>
    impairmentsOn(lab, host).flatMap(({ places }) =>
      places.flatMap((place) => (place.host === host.name ? [place.device] : [])),
    ),
  sections: {
    queue({ words: [device = ""], body }, attempt, { queues: known = new Map() }) {
      const found = attempt(() => {
        const counted = /^counted (\d+) (\d+)$/m.exec(body);
        if (counted === null) throw new Error("not counted");
        return { sent: Number(counted[1]), lost: Number(counted[2]) };
      });
      return found === undefined ? {} : { queues: new Map([...known, [device, found]]) };
    },
  },
};
