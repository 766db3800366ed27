// Pulumi property values in their wire format: plain JSON in which signatures mark secrets, unknowns, assets and
// resource references. This format is kept throughout, so that a value that a plugin does not use (such as an asset
// in `triggers`) is returned unchanged.
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Props = { [key: string]: Value };

// sdk/go/common/resource/sig in pulumi/pulumi
const sigKey = "4dabf18193072939515e22adb298388d";
const secretSig = "1b47061264138c4ac30d75fd1eb44270";
const outputSig = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const assetSig = "c44067f5952c0a294b673a41bacd8c17";
const archiveSig = "0def7320c3a5731c473e5ecbe6d01bc7";

// sdk/go/common/resource/plugin/rpc.go: one sentinel for each type of an unknown value
const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const unknowns = new Set([
  unknownString,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

export const unknown: Value = unknownString;

export function isObject(v: Value | undefined): v is Props {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}

export function isUnknown(v: Value | undefined): boolean {
  return typeof v === "string" && unknowns.has(v);
}

export function isSecret(v: Value | undefined): v is Props {
  return isObject(v) && v[sigKey] === secretSig;
}

/** An output value without `value` is unknown. */
function isOutput(v: Props): boolean {
  return v[sigKey] === outputSig;
}

/** True for assets, archives and anything else with a signature: these are passed on unchanged. */
export function isSpecial(v: Value | undefined): boolean {
  return isObject(v) && typeof v[sigKey] === "string" && v[sigKey] !== secretSig && v[sigKey] !== outputSig;
}

/** A file, a text or a URL; not a folder or an archive. */
export function isAsset(v: Value | undefined): v is Props {
  return isObject(v) && v[sigKey] === assetSig;
}

export function fileAsset(path: string, hash: string): Props {
  return { [sigKey]: assetSig, path, hash };
}

export function assetArchive(assets: Props, hash: string): Props {
  return { [sigKey]: archiveSig, assets, hash };
}

export function secret(v: Value): Value {
  return isSecret(v) ? v : { [sigKey]: secretSig, value: v };
}

/** The value without its outermost secret wrapper. */
function unwrap(v: Value | undefined): Value | undefined {
  return isSecret(v) ? unwrap(v.value) : v;
}

/** The value without any secret wrappers. Never print it. */
export function reveal(v: Value): Value {
  const bare = unwrap(v) ?? null;
  if (Array.isArray(bare)) return bare.map(reveal);
  if (!isObject(bare)) return bare;
  return Object.fromEntries(Object.entries(bare).map(([k, inner]) => [k, reveal(inner)]));
}

/** As text, for a string that may arrive as a number or boolean. */
export function asText(v: Value | undefined): string {
  return typeof v === "string" ? v : JSON.stringify(v ?? null);
}

export function containsUnknown(v: Value | undefined): boolean {
  if (isUnknown(v)) return true;
  if (Array.isArray(v)) return v.some(containsUnknown);
  return isObject(v) && Object.values(v).some(containsUnknown);
}

export function equal(a: Value | undefined, b: Value | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => equal(v, b[i]));
  if (isObject(a) && isObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((k) => equal(a[k] ?? null, b[k] ?? null));
  }
  return a === b;
}

/** Turns output values into secrets and unknowns, as the engine does for a provider that does not accept outputs. */
function plain(v: Value): Value {
  if (Array.isArray(v)) return v.map(plain);
  if (!isObject(v)) return v;
  if (isOutput(v)) {
    const inner = v.value === undefined ? unknown : plain(v.value);
    return v.secret === true ? secret(inner) : inner;
  }
  const entries = Object.entries(v).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([k, inner]) => [k, isInternal(k) ? inner : plain(inner)]));
}

/** A plugin's private data (__meta, __pulumi_raw_state_delta), which must be returned unchanged. */
function isInternal(key: string): boolean {
  return key.startsWith("__");
}

/** Drops null properties at every depth, as the vendor's plugins do (SkipNulls). */
export function fromStruct(s: Struct | undefined): Props {
  return s === undefined ? {} : (plain(s.toJavaScript()) as Props);
}

export function toStruct(p: Props): Struct {
  return Struct.fromJavaScript(p);
}
