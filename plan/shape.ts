/** Keys, mappings and lists: whether data of any kind has the shape that the settings table gives it. Values are not checked. */
import type { Problem } from "./problem";
import { pathOf, suggest } from "./rules";
import type { SectionSetting, Setting } from "./setting";

type Path = readonly (string | number)[];

/** What a walk of the data found. */
export interface Shaped {
  /** The data without unknown keys, and with an empty mapping or list where something else was in its place. */
  value: unknown;
  problems: Problem[];
  /** Paths of values that are not the mapping or list they must be. Their missing settings are not reported as well. */
  broken: string[];
}

export function shaped(setting: Setting, given: unknown, ...path: Path): Shaped {
  const found: Shaped = { value: undefined, problems: [], broken: [] };
  return { ...found, value: walk(setting, given, path, found) };
}

/** Problems without those inside a value of the wrong shape. */
export function outsideOf(broken: readonly string[], problems: readonly Problem[]): Problem[] {
  return problems.filter(({ path }) => !broken.some((head) => isWithin(path, head)));
}

function walk(setting: Setting, given: unknown, path: Path, found: Shaped): unknown {
  switch (setting.kind) {
    case "section":
      return walkKeys(setting, given, path, found);
    case "named": {
      const entries = Object.entries(mappingAt(setting, given, path, found));
      return Object.fromEntries(
        entries.map(([name, one]) => [name, walk(setting.each, one, [...path, name], found)]),
      );
    }
    case "list": {
      const { of } = setting;
      if (of === undefined) return given;
      if (!Array.isArray(given)) return refuse(setting, given, path, found, []);
      return given.map((one, index) => walk(of, one, [...path, index], found));
    }
    default:
      return given;
  }
}

function walkKeys(section: SectionSetting, given: unknown, path: Path, found: Shaped): unknown {
  const { fields } = section;
  return Object.fromEntries(
    Object.entries(mappingAt(section, given, path, found)).flatMap(([key, one]) => {
      const setting = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (setting === undefined) found.problems.push(unknownKey(section, [...path, key], one));
      return setting === undefined || one === undefined
        ? []
        : [[key, walk(setting, one, [...path, key], found)]];
    }),
  );
}

function unknownKey({ fields }: SectionSetting, path: Path, got: unknown): Problem {
  const cure = suggest(path.at(-1), Object.keys(fields), "setting");
  return { path: pathOf(...path), got, message: "Is not a setting.", cure };
}

function mappingAt(setting: Setting, given: unknown, path: Path, found: Shaped): Record<string, unknown> {
  return isMapping(given) ? given : refuse(setting, given, path, found, {});
}

function refuse<T>(setting: Setting, got: unknown, path: Path, found: Shaped, instead: T): T {
  const at = pathOf(...path);
  found.broken.push(at);
  found.problems.push({
    path: at,
    got,
    message: MUST_BE[setting.kind] ?? "",
    cure: `Write ${example(setting)}.`,
  });
  return instead;
}

const MUST_BE: Readonly<Partial<Record<Setting["kind"], string>>> = {
  list: "Must be a list of mappings.",
  named: "Must be a mapping of names to settings.",
  section: "Must be a mapping of settings.",
};

function example(setting: Setting): string {
  if (setting.kind === "section") return `{ ${Object.keys(setting.fields)[0]}: … }`;
  if (setting.kind === "named") return `{ NAME: ${example(setting.each)} }`;
  return setting.kind === "list" && setting.of !== undefined ? `[${example(setting.of)}]` : "…";
}

/** The value itself, or an empty mapping for anything else. */
export function mappingOf(value: unknown): Record<string, unknown> {
  return isMapping(value) ? value : {};
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWithin(path: string, head: string): boolean {
  return path === head || path.startsWith(`${head}.`) || path.startsWith(`${head}[`);
}
