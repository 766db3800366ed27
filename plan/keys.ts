/** SSH keys computed from the lab's one secret. They can be computed again, so they need not be stored. */
import { createHash, createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";

const SEED_BYTES = 32;
/** Half the length of a seed. With less, the key would be easier to guess than Ed25519 is to break (RFC 8032 section 8.5). */
const MIN_SECRET_BYTES = 16;

export interface Ed25519KeyPair {
  /** A file in OpenSSH's own format, unencrypted, ending in a newline. A secret. */
  privateKeyOpenSsh: string;
  /** A line for authorized_keys or a pinned host key: type, key, comment. */
  publicKeyLine: string;
}

/**
 * 32 bytes for one purpose, from the lab's secret: HKDF with SHA-256 and no salt (RFC 5869). Different `info` give independent seeds: one
 * seed reveals nothing about another, or about the secret.
 *
 * @param info what the seed is for, e.g. `host-key/kvm1`
 */
export function deriveSeed(secret: Uint8Array, info: string): Uint8Array {
  if (secret.length < MIN_SECRET_BYTES) {
    throw new RangeError(
      `deriveSeed: the secret has ${secret.length} bytes; give at least ${MIN_SECRET_BYTES}.`,
    );
  }
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), info, SEED_BYTES));
}

/**
 * The key pair that a seed is: an Ed25519 private key is any 32 bytes (RFC 8032 section 5.1.5).
 *
 * @param comment the last field of the public key line, which names the key's owner
 */
export function ed25519FromSeed(seed: Uint8Array, comment = "vxlab"): Ed25519KeyPair {
  if (seed.length !== SEED_BYTES) {
    throw new RangeError(`ed25519FromSeed: the seed has ${seed.length} bytes; give exactly ${SEED_BYTES}.`);
  }
  if (!/^[\x20-\x7e]*$/.test(comment)) {
    throw new RangeError(
      `ed25519FromSeed: the comment ${JSON.stringify(comment)} must be one line of ASCII.`,
    );
  }
  const publicKey = publicKeyOf(seed);
  const blob = Buffer.concat([sshString("ssh-ed25519"), sshString(publicKey)]);
  return {
    privateKeyOpenSsh: armour(privateKeyFile(seed, publicKey, blob, comment)),
    publicKeyLine: `ssh-ed25519 ${blob.toString("base64")} ${comment}`.trimEnd(),
  };
}

/** The DER bytes before an Ed25519 seed in a PKCS #8 private key (RFC 8410 section 7). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

function publicKeyOf(seed: Uint8Array): Buffer {
  const der = Buffer.concat([PKCS8_HEAD, seed]);
  const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  // The public key is the end of its SubjectPublicKeyInfo (RFC 8410 section 4).
  return key.export({ format: "der", type: "spki" }).subarray(-SEED_BYTES);
}

const CIPHER_BLOCK = 8;

/** OpenSSH PROTOCOL.key: a head, the public key, then the private part padded as if it were encrypted. */
function privateKeyFile(seed: Uint8Array, publicKey: Buffer, blob: Buffer, comment: string): Buffer {
  // Two equal numbers, by which a reader detects a wrong passphrase. They are usually random; here they are computed from the seed, because
  // the same input must give the same bytes.
  const check = createHash("sha256").update("vxlab check number").update(seed).digest().subarray(0, 4);
  const secretKey = sshString(Buffer.concat([seed, publicKey]));
  const body = Buffer.concat([check, check, blob, secretKey, sshString(comment)]);
  const missing = (CIPHER_BLOCK - (body.length % CIPHER_BLOCK)) % CIPHER_BLOCK;
  const padding = Buffer.from(Array.from({ length: missing }, (_, index) => index + 1));
  return Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    sshString("none"), // cipher
    sshString("none"), // key derivation function
    sshString(""), // its options
    uint32(1), // number of keys
    sshString(blob),
    sshString(Buffer.concat([body, padding])),
  ]);
}

/** RFC 4251 section 5: a string is its length, then its bytes. */
function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function armour(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join(
    "\n",
  );
}

/** HKDF labels (RFC 5869, `info`): one key for each purpose out of the lab's secret. */
export const LOGIN_KEY_INFO = "vxlab login key";
export const hostKeyInfo = (host: string): string => `vxlab host key ${host}`;
export const wireguardKeyInfo = (host: string, version: number): string =>
  `vxlab wireguard key ${host} ${version}`;

/** Keys of WireGuard, as wg(8) writes them. */
export interface WireguardKeyPair {
  /** A secret. */
  privateKey: string;
  publicKey: string;
}

/** The DER bytes before an X25519 seed in a PKCS #8 private key (RFC 8410 section 7). */
const X25519_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");

/** The key pair that a seed is: an X25519 private key is any 32 bytes, three bits of which count as set (RFC 7748 section 5). */
export function wireguardFromSeed(seed: Uint8Array): WireguardKeyPair {
  const bytes = Buffer.from(seed);
  bytes[0] = (bytes[0] ?? 0) & 248;
  bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
  const privateKey = bytes.toString("base64");
  return { privateKey, publicKey: wireguardPublicKey(privateKey) };
}

/** @throws RangeError when it is not a private key of WireGuard */
export function wireguardPublicKey(privateKey: string): string {
  const bytes = Buffer.from(privateKey, "base64");
  if (bytes.length !== SEED_BYTES || bytes.toString("base64") !== privateKey)
    throw new RangeError("A private key of WireGuard is 32 bytes in base64, as wg genkey prints it.");
  const key = createPrivateKey({ key: Buffer.concat([X25519_HEAD, bytes]), format: "der", type: "pkcs8" });
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return der.subarray(-SEED_BYTES).toString("base64");
}
