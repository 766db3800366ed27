/** Simple values, checked by the settings table: numbers within bounds, choices, switches. */
import type { Findings } from "./findings";
import type { Problem } from "./problem";
import { checkChoice, checkInteger } from "./rules";
import type { ChoiceSetting, IntegerSetting, Setting, SwitchSetting } from "./setting";

type SimpleSetting = IntegerSetting | ChoiceSetting | SwitchSetting;

/** Path of one of a thing's settings. */
export type At = (...keys: (string | number)[]) => string;

/** The simple values of a spec: its own, or the table's defaults. Undefined: neither. */
export type Simple<Spec, Table> = {
  readonly [Key in keyof Spec & keyof Table as Table[Key] extends SimpleSetting ? Key : never]:
    NonNullable<Spec[Key]> | (Table[Key] extends { readonly default: unknown } ? never : undefined);
};

/** What is wrong with one value; nothing with none, unless it is required. */
export function checkValue(path: string, got: unknown, setting: SimpleSetting): Problem[] {
  if (got === undefined && setting.required !== true) return [];
  switch (setting.kind) {
    case "integer":
      return checkInteger(path, got, setting);
    case "choice":
      return checkChoice(path, got, Object.keys(setting.choices));
    case "switch": {
      const key = path.split(".").at(-1);
      const cure = `Write ${key}: ${!setting.default}, without quotes, or leave it out.`;
      return typeof got === "boolean" ? [] : [{ path, got, message: "Is neither true nor false.", cure }];
    }
  }
}

/** A table without the settings that need more checks than the table describes. */
export function without<Table extends object, Key extends keyof Table>(
  table: Table,
  ...keys: readonly Key[]
): Omit<Table, Key> {
  const entries = Object.entries(table).filter(([key]) => !keys.some((one) => one === key));
  return Object.fromEntries(entries) as Omit<Table, Key>;
}

/** Reads the simple values of a spec. An invalid value is reported, and replaced by its default. */
export function simpleValues<Spec extends object, Table extends Readonly<Record<string, Setting>>>(
  table: Table,
  spec: Spec,
  at: At,
  said: Findings,
): Simple<Spec, Table> {
  const given = spec as Readonly<Record<string, unknown>>;
  const values = Object.entries(table).flatMap(([key, setting]): [string, unknown][] => {
    if (!isSimple(setting)) return [];
    const got = given[key];
    const problems = checkValue(at(key), got, setting);
    said.add(problems);
    return [[key, got === undefined || problems.length > 0 ? setting.default : got]];
  });
  return Object.fromEntries(values) as Simple<Spec, Table>;
}

function isSimple(setting: Setting): setting is SimpleSetting {
  return setting.kind === "integer" || setting.kind === "choice" || setting.kind === "switch";
}
