/** Two impairments of the same packets. */
import type { Problem } from "../../plan/problem";
import type { ResolvedLab } from "../../plan/resolved";
import { pathOf, repeated } from "../../plan/rules";
import type { ResolvedPlace } from "./resolved";

/** One for all segments and one for a single segment may overlap: the narrower one applies there. */
export function checkImpairments({ impairments }: ResolvedLab): Problem[] {
  const claims = impairments.flatMap(({ name, spec, places }) => {
    const [key, got] = spec.between === undefined ? ["container", spec.container] : ["between", spec.between];
    const path = pathOf("impairments", name, key);
    return places.map((place) => ({
      ...{ path, got, key: placeKey(place, spec.segment), owner: pathOf("impairments", name) },
    }));
  });
  const once = repeated(
    claims,
    "What is impaired here",
    "Write both in one impairment, or give one of them another place or direction.",
  );
  // If both directions of one impairment collide with both of another, one message is enough.
  return once.filter((one, index) => once.findIndex(({ path }) => path === one.path) === index);
}

function placeKey(place: ResolvedPlace, segment: string | undefined): string {
  if (place.container === undefined) return `${place.host} ${place.remote.host} ${segment ?? "*"}`;
  return `${place.container} ${place.nic} ${place.way} ${place.vlan ?? "*"}`;
}
