/** Finds numbers that YAML 1.1 reads as others (010 is 8). The program sees only the result. */
import { isMap, isScalar, isSeq, type Scalar, type YAMLMap } from "yaml";
import { nodesOf, projectName, readSettings, type SettingsFile } from "./files";
import { isMerge, isPlain, keyText, scalarOf } from "./go-yaml";

/** One line each: file, line, setting, what arrives, what to write. Settings of the project that the stack overrides are skipped. */
export function settingsHints(root: string, stack: string): string[] {
  const project = projectName(root);
  const { files } = readSettings(root, stack);
  const replaced = new Set<string>();
  return [...files].reverse().flatMap((file) => {
    const nodes = nodesOf(file, project).filter(([key]) => !replaced.has(key));
    nodes.forEach(([key]) => replaced.add(key));
    return nodes.flatMap(([key, node]) => new Search(file).below(key, node));
  });
}

class Search {
  constructor(private readonly file: SettingsFile) {}

  below(path: string, node: unknown): string[] {
    if (isScalar(node)) return this.ofValue(path, node);
    if (isSeq(node)) return node.items.flatMap((item, i) => this.below(`${path}[${i}]`, item));
    return isMap(node) ? [...this.ofKeys(path, node), ...this.ofEntries(path, node)] : [];
  }

  private ofEntries(path: string, map: YAMLMap): string[] {
    return map.items.flatMap(({ key, value }) =>
      this.below(isMerge(key) || !isScalar(key) ? path : `${path}.${String(key.value)}`, value),
    );
  }

  private ofValue(path: string, node: Scalar): string[] {
    const text = String(node.value);
    const arrives = changed(node);
    if (arrives === undefined) return [];
    const octal = /^-?0[0-7]+$/.test(text) ? ", since YAML takes a leading zero for octal" : "";
    const plain = text.replace(/^(-?)0+(?=\d)/, "$1");
    const number = octal === "" ? "" : `Write ${plain} or ${arrives} for a number, `;
    const quote = `"${text}" for a text.`;
    return [
      this.line(
        node,
        `${path}: ${text} is read as ${arrives}${octal}. ${number}${number === "" ? `Write ${quote}` : quote}`,
      ),
    ];
  }

  /** Two keys that are written differently and read as the same key: the last one counts. */
  private ofKeys(path: string, map: YAMLMap): string[] {
    const keys = map.items.map(({ key }) => key).filter((key) => isScalar(key));
    const text = (key: Scalar) => String(key.value);
    return keys.flatMap((key) => {
      if (isMerge(key)) return [];
      const arrives = keyText(scalarOf(key));
      const twin = keys.find((other) => other !== key && keyText(scalarOf(other)) === arrives);
      if (twin !== undefined && keys.indexOf(twin) < keys.indexOf(key)) {
        const before = `${text(twin)} in line ${this.file.yaml.lineOf(twin)}`;
        return [
          this.line(
            key,
            `${path}: ${text(key)} and ${before} are both read as ${arrives}, and only the last counts. Quote the names.`,
          ),
        ];
      }
      if (changed(key) === undefined || twin !== undefined) return [];
      return [this.line(key, `${path}: the name ${text(key)} is read as ${arrives}. Write "${text(key)}".`)];
    });
  }

  private line(node: unknown, said: string): string {
    return `${this.file.name}, line ${this.file.yaml.lineOf(node)}: ${said}`;
  }
}

/** Forms that are surely meant as numbers. */
const MEANT = /^\+|_|^-?0[xXoObB]/;

/** The value that a plain number or date is read as, when it differs from the text. */
function changed(node: Scalar): string | undefined {
  const text = String(node.value);
  const value = scalarOf(node);
  if (!isPlain(node) || value === text || MEANT.test(text)) return undefined;
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "number" && String(value) !== text ? String(value) : undefined;
}
