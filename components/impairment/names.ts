/** Names that an impairment takes on its hosts. */
import { impairmentDevice } from "../../plan/names";
import type { ResolvedLab } from "../../plan/resolved";
import { pathOf } from "../../plan/rules";
import type { Claim } from "../../plan/rules";
import type { SectionResource } from "../../plan/section";

type Impairments = Pick<ResolvedLab, "impairments">;

/** Places of one impairment on several hosts share one interface name. */
export function impairmentInterfaces({ impairments }: Impairments): Claim[] {
  return impairments.flatMap(({ name, places }) =>
    [...new Set(places.map(({ number }) => impairmentDevice(name, number)))].map((key) => ({
      ...{ path: pathOf("impairments", name), got: name, key },
    })),
  );
}

/** One resource on each host of the impairment. */
export function impairmentResources({ impairments }: Impairments): SectionResource[] {
  return impairments.flatMap(({ name, places }) =>
    [...new Set(places.map(({ host }) => host))].map((host) => ({ type: "Impairment", name, host })),
  );
}
