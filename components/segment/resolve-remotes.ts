/** Reads `remotes`: VTEPs of which vxlab knows only the address. */
import { addressText } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import type { IpFamily } from "../../plan/net/family";
import { readAddress } from "../../plan/read-address";
import type { ResolvedHost, ResolvedSegment } from "../../plan/resolved";
import { checkList, pathOf, repeated } from "../../plan/rules";
import type { At } from "../../plan/values";
import type { Flooding, SegmentSpec } from "./spec";
import { FLOODINGS, WAYS } from "./ways";

interface Input {
  spec: SegmentSpec;
  at: At;
  /** Of the lab. */
  hosts: readonly ResolvedHost[];
  /** Of the tunnels. */
  family: IpFamily;
}

/** Unusable ones are left out. */
export function resolveRemotes(
  { spec: { remotes: got }, at, hosts, family }: Input,
  flooding: Flooding,
  said: Findings,
): ResolvedSegment["remotes"] {
  if (got === undefined) return [];
  const cure = "Write a list of IP addresses, for example [192.168.10.250], or leave it out.";
  said.add(
    checkList(at("remotes"), got, cure).map((one) => ({
      ...one,
      message: "Is not a list of at least one address.",
    })),
  );
  if (!Array.isArray(got)) return [];
  checkWay(at("remotes"), got, flooding, said);
  const read = got.map((text: unknown, index) => {
    const path = at("remotes", index);
    return { path, got: text, address: said.take(path, text, readAddress(text, family), REMOTE_CURE) };
  });
  const known = read.flatMap(({ address, ...one }) =>
    address === undefined ? [] : [{ ...one, address, key: address }],
  );
  const own = hosts.map(({ name, address, spec }) => ({
    ...{ path: pathOf("hosts", name, "address"), got: spec.address, key: address },
  }));
  said.add(
    repeated(
      [...own, ...known],
      "This VTEP",
      "Write each once; the lab's own hosts have their tunnels without it.",
    ),
  );
  return known.map(({ address }) => ({ host: `${OUTSIDE}${addressText(address)}`, address }));
}

/** Prefix of the names of these remotes. No stack has this name. */
export const OUTSIDE = "outside/";

const REMOTE_CURE = "Write the VTEP's own IP address, of the family of the lab's underlay.";

function checkWay(path: string, got: unknown, flooding: Flooding, said: Findings): void {
  const { outsiders } = WAYS[flooding];
  if (outsiders === true) return;
  const words = FLOODINGS.filter((word) => WAYS[word].outsiders === true).join(" or ");
  const cure = `Write flooding: ${words}, or leave it out.`;
  const message =
    outsiders === undefined
      ? `Cannot be used with flooding: ${flooding}.`
      : `With flooding: ${flooding}, a segment ${outsiders}, but vxlab knows only the address of a remote VTEP.`;
  said.say(path, got, message, cure);
}
