/** What the settings table says in words: for docs/settings.md, docstrings and the JSON schema. Markdown. */
import type { Setting } from "../../plan/setting";

/** What a value must be, in one line. */
export function meaning(setting: Setting): string {
  return [setting.doc, bounds(setting)].filter((part) => part !== "").join("; ");
}

function bounds(setting: Setting): string {
  switch (setting.kind) {
    case "integer":
      return `${setting.unit === undefined ? "" : `${setting.unit}, `}${setting.min} to ${setting.max}`;
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

/** What holds without the setting. */
export function defaultOf(setting: Setting): string {
  if (setting.required === true) return "required";
  if (setting.usual !== undefined) return setting.usual;
  const value = "default" in setting ? setting.default : undefined;
  if (value === undefined) return "none";
  return typeof value === "number" ? String(value) : `\`${value}\``;
}
