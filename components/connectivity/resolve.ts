/** Checks, read: who asks whom, and how. */
import { familyOf } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { labelFault } from "../../plan/names";
import { IpFamily } from "../../plan/net/family";
import { readAddress } from "../../plan/read-address";
import type { Place, ResolvedContainer } from "../../plan/resolved";
import { compareText, pathOf, sortedEntries, suggest } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { simpleValues } from "../../plan/values";
import type { At } from "../../plan/values";
import { placesOf as placesOfNic } from "../container/resolve-nics";
import { readRate } from "./rate";
import type { ResolvedCheck } from "./resolved";
import { CHECK, ConnectivityKind, HTTP_PORT } from "./spec";
import type { CheckSpec } from "./spec";

interface Context {
  topology: Topology;
  containers: readonly ResolvedContainer[];
}

/** Those whose ends are usable, sorted by name. */
export function resolveChecks(
  topology: Topology,
  { containers }: Pick<Context, "containers">,
  said: Findings,
): ResolvedCheck[] {
  return sortedEntries(topology.checks ?? {}).flatMap(
    ([name, spec]) => resolveCheck({ topology, containers }, name, spec, said) ?? [],
  );
}

function resolveCheck(
  context: Context,
  name: string,
  spec: CheckSpec,
  said: Findings,
): ResolvedCheck | undefined {
  const at: At = (...keys) => pathOf("checks", name, ...keys);
  said.sayIf(at(), name, labelFault(name), "Rename the check, for example c1-c2.");
  const { kind, port, reach, within } = simpleValues(CHECK, spec, at, said);
  checkSettings(spec, kind, at, said);
  const path = resolvePath(at("path"), spec, kind, said);
  const from = resolveFrom(context, at("from"), spec.from, said);
  const to = resolveTo(context, at("to"), spec, from, said);
  if (from === undefined || to === undefined) return undefined;
  return {
    ...{ name, spec, from, kind, reach, within, ...to },
    ...portOf(kind, port),
    ...(path === undefined ? {} : { path }),
    ...(kind === ConnectivityKind.Throughput ? { atLeast: String(spec.atLeast) } : {}),
  };
}

function portOf(kind: ConnectivityKind, port: number | undefined): { port?: number } {
  if (kind === ConnectivityKind.Http) return { port: port ?? HTTP_PORT };
  return kind === ConnectivityKind.Tcp && port !== undefined ? { port } : {};
}

/** Settings that a kind lacks or cannot use. */
function checkSettings(spec: CheckSpec, kind: ConnectivityKind, at: At, said: Findings): void {
  // What an unknown kind can use is unknown.
  if (spec.kind !== undefined && spec.kind !== kind) return;
  const { Tcp, Http, Throughput } = ConnectivityKind;
  onlyWith(spec, kind, { port: [Tcp, Http], path: [Http], atLeast: [Throughput] }, at, said);
  if (kind === Tcp && spec.port === undefined)
    said.say(at("port"), undefined, "Is missing: kind tcp needs a port.", "Write the port, for example 22.");
  if (kind !== Throughput) return;
  if (readRate(spec.atLeast) === undefined) {
    const message =
      spec.atLeast === undefined ? "Is missing: kind throughput needs a rate." : "Is not a rate.";
    said.say(
      at("atLeast"),
      spec.atLeast,
      message,
      "Write a number with kbit, mbit or gbit, for example 5mbit.",
    );
  }
  if (spec.reach === false)
    said.say(
      at("reach"),
      false,
      "Cannot be false with kind throughput.",
      "Leave it out, or write kind: ping.",
    );
}

function onlyWith(
  spec: CheckSpec,
  kind: ConnectivityKind,
  settings: Readonly<Partial<Record<keyof CheckSpec, readonly ConnectivityKind[]>>>,
  at: At,
  said: Findings,
): void {
  for (const [key, kinds] of Object.entries(settings)) {
    const got = spec[key as keyof CheckSpec];
    if (got === undefined || kinds.includes(kind)) continue;
    const words = kinds.join(" or ");
    said.say(at(key), got, `Has no effect with kind ${kind}.`, `Leave it out, or write kind: ${words}.`);
  }
}

/** What a request line takes without an escape (RFC 3986 section 3.3 and 3.4). */
const PATH = /^\/[A-Za-z0-9._~!$&()*+,;=:@%/?-]*$/;

function resolvePath(
  path: string,
  { path: got }: CheckSpec,
  kind: ConnectivityKind,
  said: Findings,
): string | undefined {
  if (kind !== ConnectivityKind.Http) return undefined;
  if (got === undefined) return "/";
  if (typeof got === "string" && PATH.test(got)) return got;
  const message = "Is not an HTTP request path.";
  said.say(
    path,
    got,
    message,
    "Write one that begins with /, for example /health, with other characters as %XX.",
  );
  return "/";
}

/** Also undefined for a container that was left out, which has been reported. */
function resolveFrom(
  { topology, containers }: Context,
  path: string,
  got: unknown,
  said: Findings,
): ResolvedContainer | undefined {
  if (typeof got === "string" && Object.hasOwn(topology.containers, got))
    return containers.find(({ name }) => name === got);
  const message =
    got === undefined
      ? "Is missing: a check needs a container that asks."
      : "Is not a container of this lab.";
  said.say(path, got, message, suggest(got, namesIn(topology), "container"));
  return undefined;
}

const namesIn = ({ containers }: Topology): string[] => Object.keys(containers).sort(compareText);

type Target = Pick<ResolvedCheck, "address" | "target">;

function resolveTo(
  { topology, containers }: Context,
  path: string,
  { from: asks, to: got }: CheckSpec,
  from: ResolvedContainer | undefined,
  said: Findings,
): Target | undefined {
  if (typeof got === "string" && Object.hasOwn(topology.containers, got)) {
    if (got === asks) {
      said.say(path, got, "Is the container that asks.", "Write another container, or an address.");
      return undefined;
    }
    const target = containers.find(({ name }) => name === got);
    if (target === undefined || from === undefined) return undefined;
    const address = addressFor(from, target);
    if (address !== undefined) return { address, target };
    const message = `The address of ${got} is not known before it runs.`;
    said.say(path, got, message, `Write its address, or give ${got} a fixed one.`);
    return undefined;
  }
  if (typeof got === "string" && /^[0-9.]+$|[:/]/.test(got)) {
    const cure = "Write an IP address without prefix length, or the name of a container.";
    const address = said.take(path, got, readAddress(got), cure);
    return address === undefined ? undefined : { address };
  }
  const message =
    got === undefined
      ? "Is missing: a check needs a target."
      : "Is neither a container of this lab nor an address.";
  said.say(path, got, message, suggest(got, namesIn(topology), "container"));
  return undefined;
}

/** In a segment that both are in; where there is none, the first address of a family that both have. IPv4 is preferred. */
function addressFor(from: ResolvedContainer, to: ResolvedContainer): bigint | undefined {
  const near = placesOf(from).map(({ segment }) => segment.name);
  const all = placesOf(to);
  const usable = (places: readonly Place[]) =>
    places
      .flatMap(({ addresses }) => addresses.map(({ address }) => address))
      .filter((address) => has(from, familyOf(address)));
  return usable(all.filter(({ segment }) => near.includes(segment.name)))[0] ?? usable(all)[0];
}

export function placesOf({ nics }: ResolvedContainer): Place[] {
  return nics.flatMap((nic) => [...placesOfNic(nic)]);
}

function has(from: ResolvedContainer, family: IpFamily): boolean {
  if (family === IpFamily.V4 && from.nics.some((nic) => nic.place !== undefined && nic.dhcp)) return true;
  return placesOf(from).some(({ addresses }) => addresses.some((one) => familyOf(one.address) === family));
}
