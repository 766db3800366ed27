/** Impairments, read: what they do, and whose packets they are about. What is between hosts is in resolve-between.ts. */
import type { Findings } from "../../plan/findings";
import { labelFault, nicName } from "../../plan/names";
import type { ResolvedContainer, ResolvedNic } from "../../plan/resolved";
import { compareText, pathOf, sortedEntries, suggest } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { checkValue } from "../../plan/values";
import type { At } from "../../plan/values";
import { placesOf } from "../container/resolve-nics";
import { EFFECT_KEYS, readEffects } from "./effects";
import { resolveBetween } from "./resolve-between";
import type { Around, Written } from "./resolve-between";
import type { ResolvedImpairment, ResolvedPlace, Way } from "./resolved";
import { Direction, IMPAIRMENT } from "./spec";
import type { ImpairmentSpec } from "./spec";

export function resolveImpairments(topology: Topology, around: Around, said: Findings): ResolvedImpairment[] {
  return sortedEntries(topology.impairments ?? {}).map(([name, spec]) => {
    const at: At = (...keys) => pathOf("impairments", name, ...keys);
    said.sayIf(at(), name, labelFault(name), "Rename the impairment, for example slow.");
    const { problems } = readEffects(spec, at);
    said.add(problems);
    if (EFFECT_KEYS.every((key) => spec[key] === undefined))
      said.say(at(), spec, "Impairs nothing.", "Write a delay, a loss or a rate, or remove it.");
    return {
      name,
      spec,
      places: resolvePlaces({ topology, spec, at, ways: waysOf(spec, at, said) }, around, said),
    };
  });
}

function waysOf({ direction: got }: ImpairmentSpec, at: At, said: Findings): Way[] {
  const problems = checkValue(at("direction"), got, IMPAIRMENT.direction);
  said.add(problems);
  const direction = got === undefined || problems.length > 0 ? IMPAIRMENT.direction.default : got;
  return ([Direction.Out, Direction.In] as const).filter(
    (way) => direction === Direction.Both || direction === way,
  );
}

function resolvePlaces(written: Written, around: Around, said: Findings): ResolvedPlace[] {
  const { spec, at } = written;
  if ((spec.between === undefined) === (spec.container === undefined)) {
    const both = spec.between !== undefined;
    const message = both ? "Has both between and container." : "Has neither between nor container.";
    const cure = both ? "Leave one of the two out." : "Write between: [HOST, HOST], or container: NAME.";
    said.say(at(), spec, message, cure);
    return [];
  }
  if (spec.between !== undefined) return resolveBetween(written, around, said);
  return resolveContainer(written, around, said);
}

function resolveContainer(written: Written, { containers }: Around, said: Findings): ResolvedPlace[] {
  const { topology, spec, at, ways } = written;
  const known = Object.keys(topology.containers).sort(compareText);
  if (!known.some((name) => name === spec.container)) {
    const cure = suggest(spec.container, known, "container");
    said.say(at("container"), spec.container, "Is not a container of this lab.", cure);
    return [];
  }
  // One that was left out has been reported.
  const container = containers.find(({ name }) => name === spec.container);
  if (container === undefined) return [];
  return chosenNics(container, written, said).flatMap(({ nic, vlan }) =>
    ways.map((way) => ({
      host: container.host,
      number: nic.number * 2 + (way === Direction.Out ? 0 : 1),
      ...{ container: container.name, nic: nic.number, way },
      ...(vlan === undefined ? {} : { vlan }),
    })),
  );
}

interface Chosen {
  nic: ResolvedNic;
  /** Only this one of a trunk. */
  vlan?: number;
}

function chosenNics(container: ResolvedContainer, { spec, at }: Written, said: Findings): Chosen[] {
  const { nics } = container;
  const names = nics.map(({ number }) => nicName(number));
  if (spec.interface !== undefined && !names.some((name) => name === spec.interface)) {
    const message = `Is not an interface of container ${container.name}.`;
    said.say(at("interface"), spec.interface, message, suggest(spec.interface, names, "interface"));
    return [];
  }
  const own = nics.filter(({ number }) => spec.interface === undefined || spec.interface === nicName(number));
  if (spec.segment === undefined) return own.map((nic) => ({ nic }));
  const found = own.flatMap((nic) => inSegment(nic, spec.segment));
  const segments = [...new Set(own.flatMap(placesOf).map(({ segment }) => segment.name))];
  const where =
    spec.interface === undefined ? `container ${container.name}` : `${container.name}'s ${spec.interface}`;
  if (found.length === 0)
    said.say(
      at("segment"),
      spec.segment,
      `Is not a segment of ${where}.`,
      suggest(spec.segment, segments, "segment of it"),
    );
  return found;
}

function inSegment(nic: ResolvedNic, segment: unknown): Chosen[] {
  if (nic.side !== undefined) return [];
  if (nic.trunk === undefined) return nic.place.segment.name === segment ? [{ nic }] : [];
  return nic.trunk.filter((place) => place.segment.name === segment).map(({ vlan }) => ({ nic, vlan }));
}
