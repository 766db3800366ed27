// Reads keys in the formats that Go's ssh package reads. ssh2 cannot read PKCS #8, which @pulumi/tls and openssl write.
import { createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { ParsedKey } from "ssh2";

async function parse(data: string | Buffer, passphrase?: string): Promise<ParsedKey | Error> {
  const { default: ssh2 } = await import("ssh2");
  const key = ssh2.utils.parseKey(data, passphrase) as ParsedKey | ParsedKey[] | Error;
  return Array.isArray(key) ? (key[0] ?? new Error("no key")) : key;
}

/** Reads one line of authorized_keys or known_hosts; ignores everything except type and key. */
export async function hostKeyOf(line: string): Promise<ParsedKey> {
  const found = /(?:^|\s)((?:sk-)?(?:ssh|ecdsa)-[\w@.-]+\s+[A-Za-z0-9+/=]+)/.exec(line)?.[1];
  if (found === undefined) throw new Error("failed to parse host key: ssh: no key found");
  const key = await parse(found);
  if (key instanceof Error) throw new Error(`failed to parse host key: ssh: no key found; ${key.message}`);
  return key;
}

export async function privateKeyOf(pem: string, passphrase: string | undefined): Promise<ParsedKey> {
  const key = await parse(isPkcs8(pem) ? fromPkcs8(pem, passphrase) : pem, passphrase);
  if (!(key instanceof Error) && key.isPrivateKey()) return key;
  throw new Error(key instanceof Error ? reason(key.message, passphrase) : "ssh: no key found");
}

/** Translates ssh2's errors into those of Go's ssh package. None of them quotes the key. */
function reason(message: string, passphrase: string | undefined): string {
  if (/no passphrase given/.test(message)) return "ssh: this private key is passphrase protected";
  if (
    /bad passphrase|bad decrypt|integrity check failed|passphrase/i.test(message) &&
    passphrase !== undefined
  ) {
    return "x509: decryption password incorrect";
  }
  return "ssh: no key found";
}

function isPkcs8(pem: string): boolean {
  return /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(pem);
}

function fromPkcs8(pem: string, passphrase: string | undefined): string {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    const encrypted = pem.includes("ENCRYPTED") && passphrase === undefined;
    throw new Error(encrypted ? "ssh: this private key is passphrase protected" : "ssh: no key found");
  }
  if (key.asymmetricKeyType === "ed25519") return openSshEd25519(key);
  const type = key.asymmetricKeyType === "ec" ? "sec1" : "pkcs1";
  return key.export({ format: "pem", type }).toString();
}

/** Writes OpenSSH's unencrypted private key format (PROTOCOL.key in OpenSSH). */
function openSshEd25519(key: KeyObject): string {
  const jwk = key.export({ format: "jwk" });
  const [seed, point] = [jwk.d ?? "", jwk.x ?? ""].map((s) => Buffer.from(s, "base64url"));
  if (seed === undefined || point === undefined) throw new Error("ssh: no key found");
  const type = Buffer.from("ssh-ed25519");
  const open = Buffer.concat([framed(type), framed(point)]);
  const secret = Buffer.concat([seed, point]);
  const check = Buffer.alloc(8); // two equal numbers, which detect a wrong passphrase
  const inner = Buffer.concat([check, open, framed(secret), framed(Buffer.alloc(0))]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, i) => i + 1));
  const none = framed(Buffer.from("none"));
  const one = Buffer.from([0, 0, 0, 1]);
  const magic = Buffer.from("openssh-key-v1\0");
  const empty = framed(Buffer.alloc(0));
  const body = Buffer.concat([
    magic,
    none,
    none,
    empty,
    one,
    framed(open),
    framed(Buffer.concat([inner, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join(
    "\n",
  );
}

function framed(data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
}
