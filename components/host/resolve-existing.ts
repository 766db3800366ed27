/** How a host that exists already is reached, read. */
import type { Findings } from "../../plan/findings";
import { readAddress } from "../../plan/read-address";
import type { Reach } from "../../plan/resolved";
import { isText } from "../../plan/rules";
import { simpleValues } from "../../plan/values";
import type { At } from "../../plan/values";
import { EXISTING } from "./spec";
import type { ExistingSpec } from "./spec";

const KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];
/** useradd(8), "CAVEATS", without upper case, which Debian's adduser refuses as well. */
const USER = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Undefined without a usable host key. @param hostAt path of one of the host's settings */
export function resolveExisting(
  spec: ExistingSpec,
  hostAt: At,
  said: Findings,
): (Omit<Reach, "sshAddress"> & { sshAddress?: bigint }) | undefined {
  const at: At = (...keys) => hostAt("existing", ...keys);
  const { hostKey } = spec;
  const keyFault = hostKeyFault(hostKey);
  said.sayIf(
    at("hostKey"),
    hostKey,
    keyFault,
    "Write the line in the host's /etc/ssh/ssh_host_ed25519_key.pub.",
  );
  const keyFile = textOf(spec.keyFile, EXISTING.keyFile.default, isText);
  if (keyFile === undefined) {
    const cure = `Write the path of a private key, or leave it out to use ${EXISTING.keyFile.default}.`;
    said.say(at("keyFile"), spec.keyFile, "Is not a file path.", cure);
  }
  const user = textOf(spec.user, EXISTING.user.default, isUser);
  if (user === undefined) {
    const cure = `Write a user with uid 0, or leave it out to use ${EXISTING.user.default}.`;
    said.say(at("user"), spec.user, "Is not a user name.", cure);
  }
  const { port } = simpleValues(EXISTING, spec, at, said);
  const sshAddress = resolveSshAddress(at("sshAddress"), spec.sshAddress, said);
  if (keyFault !== undefined || keyFile === undefined || user === undefined) return undefined;
  return { hostKey, keyFile, user, port, ...(sshAddress === undefined ? {} : { sshAddress }) };
}

function textOf(got: string | undefined, usual: string, fits: (got: unknown) => boolean): string | undefined {
  const text = got ?? usual;
  return fits(text) ? text : undefined;
}

const isUser = (got: unknown): boolean => typeof got === "string" && USER.test(got);

/** sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; the base64 begins with the type again (RFC 4253 section 6.6). */
function hostKeyFault(got: unknown): string | undefined {
  if (got === undefined) return "Is missing: vxlab connects only to hosts with a pinned key.";
  if (typeof got !== "string" || /[\r\n\0]/.test(got)) return "Is not one line of text.";
  const [type = "", base64 = ""] = got.split(" ");
  if (!KEY_TYPES.includes(type)) return `Does not begin with a key type: ${KEY_TYPES.join(", ")}.`;
  const blob = Buffer.from(base64, "base64");
  const whole = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) && blob.length > type.length + 8;
  if (!whole || blob.readUInt32BE(0) !== type.length || blob.toString("latin1", 4, 4 + type.length) !== type)
    return "Does not contain a public key of its type in base64.";
  return undefined;
}

/** Names are refused, since a plan cannot resolve them. (For SSH a name would be safe, because the key is pinned.) */
function resolveSshAddress(path: string, got: unknown, said: Findings): bigint | undefined {
  if (got === undefined) return undefined;
  const cure = "Write an IPv4 or IPv6 address, or leave it out if SSH answers at the host's address.";
  return said.take(path, got, readAddress(got), cure);
}

/** Where a `keyFile` is: `~/` is the home folder of the user who runs Pulumi. */
export function keyFilePath(keyFile: string, home: string): string {
  return keyFile.startsWith("~/") ? `${home}/${keyFile.slice(2)}` : keyFile;
}
