// Reads `runtime.options` of Pulumi.yaml.
import { fromStruct } from "../lib/value";
import type { ProgramInfo } from "@pulumi/pulumi/proto/language_pb";

export const packageManagers = ["npm", "pnpm", "yarn", "bun"] as const;
export type PackageManager = (typeof packageManagers)[number];

export interface Options {
  /** Compile TypeScript with ts-node while loading. */
  typescript: boolean;
  tsconfig: string | undefined;
  /** Arguments of the Node.js process. */
  nodeargs: string[];
  packagemanager: PackageManager | "auto";
}

export function optionsOf(info: ProgramInfo | undefined): Options {
  const {
    typescript = true,
    tsconfig,
    nodeargs = "",
    packagemanager = "auto",
  } = fromStruct(info?.getOptions());
  if (typeof typescript !== "boolean") throw new Error("typescript option must be a boolean");
  if (tsconfig !== undefined && typeof tsconfig !== "string")
    throw new Error("tsconfigpath option must be a string");
  if (typeof nodeargs !== "string") throw new Error("nodeargs option must be a string");
  if (typeof packagemanager !== "string") throw new Error("packagemanager option must be a string");
  return {
    typescript,
    tsconfig: tsconfig === "" ? undefined : tsconfig,
    nodeargs: words(nodeargs),
    packagemanager: packageManager(packagemanager),
  };
}

function packageManager(name: string): PackageManager | "auto" {
  const known = (["auto", ...packageManagers] as const).find((m) => m === name);
  if (known) return known;
  throw new Error(
    `packagemanager option must be one of auto, npm, yarn, pnpm or bun, got ${JSON.stringify(name)}`,
  );
}

/** The environment variables that pass the options to the program. */
export function optionsEnvironment(options: Options): NodeJS.ProcessEnv {
  return {
    ...(options.typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
    ...(options.tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
  };
}

/** Splits words like a shell (as github.com/google/shlex): quotes, backslashes, comments. */
export function words(line: string): string[] {
  const out: string[] = [];
  const word = /\s*(?:#.*$|((?:"(?:[^"\\]|\\[^])*"|'[^']*'|\\[^]|[^\s"'\\])+))/y;
  while (word.lastIndex < line.length) {
    const at = word.lastIndex;
    const found = word.exec(line);
    if (!found) {
      if (line.slice(at).trim() !== "") throw new Error("EOF found when expecting closing quote");
      break;
    }
    if (found[1] !== undefined) out.push(unquoted(found[1]));
  }
  return out;
}

function unquoted(word: string): string {
  return word.replace(
    /"((?:[^"\\]|\\[^])*)"|'([^']*)'|\\([^])/g,
    (_, double?: string, single?: string, c?: string) => {
      return double?.replace(/\\([^])/g, "$1") ?? single ?? c ?? "";
    },
  );
}
