// bcrypt (Provos and Mazières, USENIX 1999), cost 10, for RandomPassword's bcryptHash: node has none.
const cost = 10;
const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const subkeys = 18;
const boxes = 4 * 256;

/** Blowfish starts from the fraction of pi: computed (Machin's formula), not copied. */
function piWords(count: number): Uint32Array {
  const guard = 64n;
  const bits = BigInt(count) * 32n + guard;
  const arctan = (x: bigint): bigint => {
    let term = (1n << bits) / x;
    let sum = term;
    for (let n = 3n, sign = -1n; term !== 0n; n += 2n, sign = -sign) {
      term /= x * x;
      sum += (sign * term) / n;
    }
    return sum;
  };
  const pi = 4n * (4n * arctan(5n) - arctan(239n));
  const hex = ((pi - (3n << bits)) >> guard).toString(16).padStart(count * 8, "0");
  return Uint32Array.from({ length: count }, (_, i) => parseInt(hex.slice(i * 8, i * 8 + 8), 16));
}

let pi: Uint32Array | undefined;

class Blowfish {
  private readonly p: Uint32Array;
  private readonly s: Uint32Array;

  constructor() {
    pi ??= piWords(subkeys + boxes);
    this.p = pi.slice(0, subkeys);
    this.s = pi.slice(subkeys);
  }

  /** Enciphers the two words at `at` where they are. */
  encipher(block: Uint32Array, at: number): void {
    const { p, s } = this;
    let left = block[at] ?? 0;
    let right = block[at + 1] ?? 0;
    const word = (table: Uint32Array, i: number): number => table[i] ?? 0;
    for (let i = 0; i < 16; i++) {
      left ^= word(p, i);
      const a = (word(s, left >>> 24) + word(s, 256 + ((left >>> 16) & 255))) | 0;
      const f = ((a ^ word(s, 512 + ((left >>> 8) & 255))) + word(s, 768 + (left & 255))) | 0;
      [left, right] = [right ^ f, left];
    }
    block[at] = right ^ word(p, 17);
    block[at + 1] = left ^ word(p, 16);
  }

  /** Mixes in a key, and a salt of four words (or none). */
  expand(key: Uint8Array, salt: Uint32Array | undefined): void {
    for (let i = 0; i < subkeys; i++) this.p[i] = (this.p[i] ?? 0) ^ wordOf(key, i);
    const block = new Uint32Array(2);
    let used = 0;
    for (const table of [this.p, this.s]) {
      for (let i = 0; i < table.length; i += 2, used += 2) {
        if (salt) block[0] = (block[0] ?? 0) ^ (salt[used % 4] ?? 0);
        if (salt) block[1] = (block[1] ?? 0) ^ (salt[(used + 1) % 4] ?? 0);
        this.encipher(block, 0);
        table.set(block, i);
      }
    }
  }
}

/** The i-th big-endian word of the endlessly repeated bytes. */
function wordOf(bytes: Uint8Array, i: number): number {
  let w = 0;
  for (let k = 0; k < 4; k++) w = (w << 8) | (bytes[(i * 4 + k) % bytes.length] ?? 0);
  return w;
}

/** `salt`: 16 bytes. Only the first 72 bytes of a password count. */
export function bcrypt(password: string, salt: Uint8Array): string {
  const key = Buffer.concat([Buffer.from(password), Buffer.alloc(1)]).subarray(0, 72);
  const saltWords = Uint32Array.from({ length: 4 }, (_, i) => wordOf(salt, i));
  const cipher = new Blowfish();
  cipher.expand(key, saltWords);
  for (let round = 0; round < 2 ** cost; round++) {
    cipher.expand(key, undefined);
    cipher.expand(salt, undefined);
  }
  const text = Buffer.from("OrpheanBeholderScryDoubt");
  const block = Uint32Array.from({ length: 6 }, (_, i) => text.readUInt32BE(i * 4));
  for (let i = 0; i < 64; i++) for (let at = 0; at < 6; at += 2) cipher.encipher(block, at);
  const digest = Buffer.alloc(24);
  block.forEach((w, i) => digest.writeUInt32BE(w, i * 4));
  return `$2a$${String(cost)}$${encode(Buffer.from(salt))}${encode(digest.subarray(0, 23))}`;
}

function encode(bytes: Buffer): string {
  return bytes
    .toString("base64")
    .replace(/=+$/, "")
    .replace(/./g, (c) => alphabet[standard.indexOf(c)] ?? "");
}
