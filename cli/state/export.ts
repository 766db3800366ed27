/** What `pulumi stack export` writes, read. Pure. */

export interface Resource {
  type: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** A secret in an export: an object that carries its value as JSON (sdk/go/common/apitype, SecretV1). */
export function plain(value: unknown): unknown {
  if (!isObject(value) || typeof value.plaintext !== "string") return value;
  return JSON.parse(value.plaintext) as unknown;
}

export function resourcesOf(state: unknown): Resource[] {
  const { deployment } = isObject(state) ? state : {};
  const { resources } = isObject(deployment) ? deployment : {};
  return Array.isArray(resources) ? (resources as Resource[]) : [];
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
