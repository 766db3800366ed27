/** What the settings table says in words: for docs/settings.md, docstrings and the JSON schema. Markdown. */
import type { IntegerSetting, Setting } from "../../plan/setting";

/** What a value must be, in one line. */
export function meaning(setting: Setting): string {
  return [setting.doc, bounds(setting)].filter((part) => part !== "").join("; ");
}

function bounds(setting: Setting): string {
  switch (setting.kind) {
    case "integer":
      return `${setting.min} to ${setting.max}${unitOf(setting)}`;
    case "choice":
      return Object.entries(setting.choices)
        .map(([value, what]) => `\`${value}\`${what === "" ? "" : ` (${what})`}`)
        .join(", ");
    case "list":
      return setting.most === undefined ? "" : `at most ${setting.most}`;
    case "switch":
      return "`true` or `false`";
    default:
      return "";
  }
}

function unitOf({ unit, doc }: IntegerSetting): string {
  return unit === undefined || doc.endsWith(unit) ? "" : ` ${unit}`;
}

/** What holds without the setting. */
export function defaultOf(setting: Setting): string {
  if (setting.required === true) return "required";
  if (setting.usual !== undefined) return setting.usual;
  const value = "default" in setting ? setting.default : undefined;
  if (value === undefined) return "none";
  return typeof value === "number" ? String(value) : `\`${value}\``;
}

/** A sentence without Markdown's links, which lead nowhere outside of docs/. */
export function sentence(setting: Setting): string {
  const text = meaning(setting)
    .replace(/ \(\[[^\]]*\]\(#[^)]*\)\)/g, "")
    .replace(/\[[^\]]*\.md\]\(([a-z]+\.md)[^)]*\)/g, "docs/$1")
    .replace(/\[([^\]]*)\]\(([a-z]+\.md)[^)]*\)/g, "$1 (docs/$2)");
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
