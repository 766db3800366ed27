// Generates the random values, all from the system's generator.
import { randomBytes, randomInt } from "node:crypto";
import bcrypt from "bcryptjs";
import type { Props } from "../lib/value";
import { secret } from "../lib/value";

/** The id, and the outputs that are not inputs. */
export interface Made {
  id: string;
  outputs: Props;
}

export function makeBytes(p: Props): Made {
  return bytesMade(randomBytes(Number(p.length)));
}

export function bytesMade(bytes: Buffer): Made {
  const base64 = bytes.toString("base64");
  return { id: base64, outputs: { base64: secret(base64), hex: secret(bytes.toString("hex")) } };
}

export function makeId(p: Props): Made {
  return idMade(randomBytes(Number(p.byteLength)), typeof p.prefix === "string" ? p.prefix : "");
}

export function idMade(bytes: Buffer, prefix: string): Made {
  const id = bytes.toString("base64url");
  const hex = bytes.toString("hex");
  const outputs = {
    id,
    b64Url: prefix + id,
    b64Std: prefix + bytes.toString("base64"),
    hex: prefix + hex,
    dec: prefix + BigInt(`0x0${hex}`).toString(),
  };
  return { id, outputs };
}

export function makeInteger(p: Props): Made {
  const [min, max] = [Number(p.min), Number(p.max)];
  if (max < min) {
    throw new Error(
      "Create Random Integer Error: The minimum (minVal) value needs to be smaller than or equal to maximum (maxVal) value.",
    );
  }
  // randomInt only takes ranges below 2^48
  const span = BigInt(max) - BigInt(min) + 1n;
  const result = span < 2n ** 48n ? min + randomInt(Number(span)) : Number(BigInt(min) + bigBelow(span));
  return { id: String(result), outputs: { id: String(result), result } };
}

function bigBelow(limit: bigint): bigint {
  const bytes = Math.ceil(limit.toString(16).length / 2);
  const shift = BigInt(bytes * 8 - limit.toString(2).length);
  for (;;) {
    const n = BigInt(`0x${randomBytes(bytes).toString("hex")}`) >> shift;
    if (n < limit) return n;
  }
}

/** Sixteen random bytes without the version bits of RFC 9562, as the vendor's plugin does. */
export function makeUuid(): Made {
  const h = randomBytes(16).toString("hex");
  const id = [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join("-");
  return { id, outputs: { id, result: id } };
}

export function makeString(p: Props): Made {
  const result = text(p);
  return { id: result, outputs: { id: result, result } };
}

export function makePassword(p: Props): Made {
  return passwordMade(text(p));
}

/** The state shows ids in plain text, so a password's id does not contain it. */
export function passwordMade(password: string): Made {
  const outputs = {
    id: "none",
    result: secret(password),
    bcryptHash: secret(bcrypt.hashSync(password, salt())),
  };
  return { id: "none", outputs };
}

/** The vendor's cost and prefix; bcryptjs would write `$2b$`. */
const salt = (): string => `$2a$10$${bcrypt.encodeBase64(randomBytes(16), 16)}`;

interface Kind {
  chars: string;
  use: string;
  min: string;
}

const kinds: readonly Kind[] = [
  { chars: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", use: "upper", min: "minUpper" },
  { chars: "abcdefghijklmnopqrstuvwxyz", use: "lower", min: "minLower" },
  { chars: "0123456789", use: "numeric", min: "minNumeric" },
  { chars: "!@#$%&*()-_=+[]{}<>:?", use: "special", min: "minSpecial" },
];

function text(p: Props): string {
  const own =
    typeof p.overrideSpecial === "string" && p.overrideSpecial !== "" ? p.overrideSpecial : undefined;
  const charsOf = (k: Kind): string[] => [...(k.use === "special" && own !== undefined ? own : k.chars)];
  const all = kinds.filter((k) => p[k.use] === true).flatMap(charsOf);
  if (all.length === 0) throw new Error("the character set specified is empty");
  const least = kinds.flatMap((k) =>
    Array.from({ length: Math.max(0, Number(p[k.min])) }, () => pick(charsOf(k))),
  );
  const rest = Array.from({ length: Math.max(0, Number(p.length) - least.length) }, () => pick(all));
  return shuffled([...least, ...rest]).join("");
}

function pick(chars: readonly string[]): string {
  return chars[randomInt(chars.length)] ?? "";
}

/** Fisher-Yates shuffle. */
function shuffled(items: readonly string[]): string[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [out[i], out[j]] = [out[j] ?? "", out[i] ?? ""];
  }
  return out;
}
