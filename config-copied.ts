/** Settings copied from Pulumi.yaml into a stack's file together with their `value:`, which Pulumi takes away in Pulumi.yaml only. */
import type { Setting } from "./plan/setting";
import { TOPOLOGY } from "./plan/settings";
import type { Problem } from "./plan/types";

/** What declares a setting in Pulumi.yaml (sdk/go/common/workspace/project.json, configTypeDeclaration). */
const DECLARATION: readonly string[] = ["type", "items", "description", "secret", "default", "value"];
/** In these settings any name may be a key, so `value` may be one of the names. */
const BY_NAME = Object.entries<Setting>(TOPOLOGY).flatMap(([name, { kind }]) =>
  kind === "named" ? [name] : [],
);

type Raw = Readonly<Record<string, string | undefined>>;

/** The settings as they were meant, and a problem for each that was copied. */
export function withoutDeclarations(raw: Raw): { raw: Raw; problems: Problem[] } {
  const found = Object.entries(raw).flatMap(([path, text]) => {
    const got = mappingOf(text);
    const inner = got === undefined ? undefined : (got["value"] ?? got["default"]);
    return got !== undefined && isDeclaration(path, got, inner) ? [{ path, got, inner }] : [];
  });
  const meant = found.map(({ path, inner }) => [
    path,
    typeof inner === "string" ? inner : JSON.stringify(inner),
  ]);
  return {
    raw: { ...raw, ...(Object.fromEntries(meant) as Record<string, string>) },
    problems: found.map(({ path, got }) => {
      const word = "value" in got ? "value" : "default";
      return {
        path,
        got,
        message: `Has ${word}: between the setting's name and its value, which only Pulumi.yaml has.`,
        cure: `Remove the line ${word}: in Pulumi.<stack>.yaml, and indent what is below it under vxlab:${path}.`,
      };
    }),
  };
}

function isDeclaration(path: string, got: Record<string, unknown>, inner: unknown): boolean {
  if (inner === undefined || Object.keys(got).some((key) => !DECLARATION.includes(key))) return false;
  if (!BY_NAME.includes(path)) return true;
  const parts = isMapping(inner) ? Object.values(inner) : [];
  return parts.length > 0 && parts.every(isMapping);
}

const isMapping = (got: unknown): got is Record<string, unknown> =>
  typeof got === "object" && got !== null && !Array.isArray(got);

function mappingOf(text: string | undefined): Record<string, unknown> | undefined {
  if (text?.startsWith("{") !== true) return undefined;
  try {
    const got: unknown = JSON.parse(text);
    return isMapping(got) ? got : undefined;
  } catch {
    return undefined;
  }
}
