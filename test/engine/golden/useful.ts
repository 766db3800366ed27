/**
 * How much of what a preview prints is of use. The rule: a line is useful when it names a change of a thing, or states a value that is
 * new, lost or another one. Not useful: empty lines, brackets, names of sections above such a value, resources that a component consists
 * of, totals.
 */

/** Useful lines of all lines that are printed, 0 to 1. */
export function share(useful: (line: string) => boolean, text: string): number {
  const lines = text.trimEnd().split("\n");
  return lines.filter(useful).length / lines.length;
}

/** In words: a mark with a change, or how much stays. What only follows from another line, or says no what, is not. */
export const usefulWords = (line: string): boolean =>
  /^([+~!-] \S|\s+\d+ unchanged$)/.test(line) && !/applied again|its host is another machine/.test(line);

/** In Pulumi's diff: the heads of components, and values. */
export const usefulDiff = (line: string): boolean => COMPONENT.test(line) || VALUE.test(line);

const COMPONENT = /^\s*(\+-|--|\+\+|[~+-])?\s*vxlab:index:\w+: \((?!same)/;
/** `key: value` or `[0]: value`, with or without a mark; not one that only opens a bracket. */
const VALUE = /^\s*[~+-]?\s*[\w.[\]-]+\s*: (?![{[(]?$)(?!\(?[{[]$).*[^{[(\s]\s*$/;

/** As with --suppress-outputs, which `./vxlab preview` asks for. */
export function withoutOutputs(text: string): string {
  const lines = text.split("\n");
  const [from, to] = [
    lines.findIndex((line) => /^\s*--outputs/.test(line)),
    lines.findIndex((line) => line.startsWith("Resources:")),
  ];
  return [...lines.slice(0, from < 0 ? to : from), ...lines.slice(to)].join("\n");
}
