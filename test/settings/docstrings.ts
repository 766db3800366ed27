/** The docstrings of a spec's interface, made of its table. */
import type { Setting } from "../../plan/setting";
import { defaultOf, sentence } from "./describe";

const WIDTH = 120;

/** @returns the source with the docstring of each key of the interface as the table has it */
export function withDocstrings(
  source: string,
  name: string,
  fields: Readonly<Record<string, Setting>>,
): string {
  const whole = new RegExp(`(export interface ${name}\\b[^{]*\\{\\n)(.*?)(^\\})`, "ms");
  return source.replace(whole, (_, head: string, body: string, end: string) => {
    const bare = body.replace(/^ *\/\*\*.*?\*\/\n/gms, "");
    const lines = bare.split("\n").map((line) => {
      const setting = fields[/^ {2}(\w+)\??:/.exec(line)?.[1] ?? ""];
      return setting === undefined ? line : `${docstring(setting)}\n${line}`;
    });
    return `${head}${lines.join("\n")}${end}`;
  });
}

function docstring(setting: Setting): string {
  const usual = setting.required === true ? "" : ` @default ${defaultOf(setting)}`;
  const words = `${sentence(setting)}${usual}`.replaceAll("`", "").split(" ");
  const lines = [""];
  for (const word of words) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.length + "   * ".length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  if (lines.length === 1) return `  /** ${lines[0]} */`;
  return ["  /**", ...lines.map((line) => `   * ${line}`), "   */"].join("\n");
}
