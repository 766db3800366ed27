/** The table of docs/settings.md, made of the settings table. */
import { SETTINGS } from "../../plan/settings";
import type { SectionSetting, Setting } from "../../plan/setting";
import { defaultOf, meaning } from "./describe";

type Row = readonly [key: string, value: string, usual: string];

/** One row for each setting, those of a section below it. */
export function settingsTable(): string {
  const rows = Object.entries(SETTINGS.fields).flatMap(([key, setting]) => rowsOf(key, key, setting));
  return [["key", "value", "default"], ["---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function rowsOf(key: string, top: string, setting: Setting): Row[] {
  if (setting.kind === "named") {
    const each = `${key}.<name>`;
    // Sections share a table: what the other has is said there.
    const shared = SETTINGS.fields[key.slice(0, -1)];
    const own = shared?.kind === "section" && shared.fields === setting.each.fields;
    return own
      ? [row(each, setting), ...below(each, top, setting.each, ({ only }) => only === top)]
      : below(each, top, setting.each, () => true);
  }
  if (setting.kind !== "section") return [row(key, setting)];
  const fields = below(key, top, setting, ({ only }) => only === undefined || only === top);
  return key === top ? fields : [row(key, setting), ...fields];
}

function below(key: string, top: string, { fields }: SectionSetting, wanted: (one: Setting) => boolean) {
  return Object.entries(fields).flatMap(([name, setting]) =>
    wanted(setting) ? rowsOf(`${key}.${name}`, top, setting) : [],
  );
}

function row(key: string, setting: Setting): Row {
  return [`\`${key}\``, meaning(setting), defaultOf(setting)];
}
