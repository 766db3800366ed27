/** Hosts that are there already: how they are reached. */
import { EXISTING } from "../../plan/defaults";
import { readAddress } from "../../plan/read-address";
import { checkNumber, isText } from "../../plan/rules";
import type { ExistingSpec, HostSpec, Problem } from "../../plan/types";

const KEY_CURE = "Write the line of the host's own /etc/ssh/ssh_host_ed25519_key.pub.";
const KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];
/** useradd(8), "CAVEATS", without the upper case that Debian's adduser refuses as well. */
const USER = /^[a-z_][a-z0-9_-]{0,31}$/;

/** @param path of `existing` */
export function checkExisting(path: string, spec: ExistingSpec, host: HostSpec): Problem[] {
  const { hostKey, keyFile, user = EXISTING.user, port = EXISTING.port, sshAddress } = spec;
  return [
    ...idle(path, host),
    ...checkHostKey(`${path}.hostKey`, hostKey),
    ...(keyFile === undefined || isText(keyFile)
      ? []
      : [
          {
            path: `${path}.keyFile`,
            got: keyFile,
            message: "Is not the path of a file.",
            cure: KEY_FILE_CURE,
          },
        ]),
    ...(typeof user === "string" && USER.test(user)
      ? []
      : [{ path: `${path}.user`, got: user, message: "Is not the name of a user.", cure: USER_CURE }]),
    ...checkNumber(`${path}.port`, port, { min: 1, max: 65535, unit: "a TCP port" }),
    ...checkSshAddress(`${path}.sshAddress`, sshAddress),
  ];
}

const KEY_FILE_CURE = `Write the path of a private key, or leave it out to use ${EXISTING.keyFile}.`;
const USER_CURE = `Write one that has root's rights (uid 0), or leave it out to be ${EXISTING.user}.`;

/** Settings of machines that libvirt makes. */
function idle(path: string, { memory, vcpus, mac }: HostSpec): Problem[] {
  const message = `Has no effect on an existing host (${path}).`;
  return Object.entries({ memory, vcpus, mac }).flatMap(([key, got]) => {
    const at = path.replace(/existing$/, key);
    return got === undefined ? [] : [{ path: at, got, message, cure: "Leave it out." }];
  });
}

function checkHostKey(path: string, got: unknown): Problem[] {
  const message = hostKeyFault(got);
  return message === undefined ? [] : [{ path, got, message, cure: KEY_CURE }];
}

/** sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; the base64 begins with the type once more (RFC 4253 section 6.6). */
function hostKeyFault(got: unknown): string | undefined {
  if (got === undefined) return "Is missing: no connection is made without a pinned host key.";
  if (typeof got !== "string" || /[\r\n\0]/.test(got)) return "Is not one line of text.";
  const [type = "", base64 = ""] = got.split(" ");
  if (!KEY_TYPES.includes(type)) return `Does not begin with the type of a key: ${KEY_TYPES.join(", ")}.`;
  const blob = Buffer.from(base64, "base64");
  const whole = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) && blob.length > type.length + 8;
  if (!whole || blob.readUInt32BE(0) !== type.length || blob.toString("latin1", 4, 4 + type.length) !== type)
    return "Holds no public key of its type in base64.";
  return undefined;
}

/** A name would do for SSH, which the pinned key makes safe; but what resolves it stands on another machine. */
function checkSshAddress(path: string, got: unknown): Problem[] {
  if (got === undefined) return [];
  const { fault } = readAddress(got);
  const cure = "Write an IPv4 or IPv6 address, or leave it out where SSH answers at the host's address.";
  return fault === undefined ? [] : [{ path, got, message: fault, cure }];
}

/** Where a `keyFile` is: `~/` stands for the home of whoever runs Pulumi. */
export function keyFilePath(keyFile: string, home: string): string {
  return keyFile.startsWith("~/") ? `${home}/${keyFile.slice(2)}` : keyFile;
}
