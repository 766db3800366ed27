import { execFileSync, spawnSync } from "node:child_process";
import { createPublicKey, sign, verify } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { utils } from "ssh2";
import { describe, expect, it } from "vitest";
import { deriveSeed, ed25519FromSeed, wireguardFromSeed, wireguardPublicKey } from "../../plan/keys";
import { temporary } from "../lib/temporary";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

describe("deriveSeed", () => {
  it("is RFC 5869's HKDF (appendix A.3: no salt, no info)", () => {
    const okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d";
    expect(deriveSeed(bytes("0b".repeat(22)), "")).toEqual(bytes(okm));
  });

  it("gives another seed for another purpose, and the same for the same", () => {
    const seeds = ["host-key/kvm1", "host-key/kvm2", "login"].map((info) =>
      Buffer.from(deriveSeed(seed, info)).toString("hex"),
    );
    expect(new Set(seeds).size).toBe(3);
    expect(deriveSeed(seed, "login")).toEqual(deriveSeed(seed, "login"));
  });

  it("refuses a secret that is too short to be one", () => {
    expect(() => deriveSeed(new Uint8Array(15), "x")).toThrow("at least 16");
  });
});

describe("ed25519FromSeed", () => {
  const { privateKeyOpenSsh, publicKeyLine } = ed25519FromSeed(seed, "root@kvm1");

  it("has RFC 8032's public key (7.1, test 1)", () => {
    const [type, blob, comment] = publicKeyLine.split(" ");
    const head = "0000000b7373682d6564323535313900000020";
    const key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    expect([type, Buffer.from(blob ?? "", "base64").toString("hex"), comment]).toEqual([
      "ssh-ed25519",
      head + key,
      "root@kvm1",
    ]);
  });

  it("gives the same bytes each time", () => {
    expect(ed25519FromSeed(seed, "root@kvm1")).toEqual({ privateKeyOpenSsh, publicKeyLine });
    expect(ed25519FromSeed(seed)).not.toEqual({ privateKeyOpenSsh, publicKeyLine });
  });

  it("is read by ssh2, and signs what node:crypto verifies", () => {
    const key = utils.parseKey(privateKeyOpenSsh);
    if (key instanceof Error) throw key;
    expect(key.isPrivateKey()).toBe(true);
    expect([key.type, key.comment]).toEqual(["ssh-ed25519", "root@kvm1"]);
    expect(key.getPublicSSH().toString("base64")).toBe(publicKeyLine.split(" ")[1]);
    const message = Buffer.from("vxlab");
    const signature = key.sign(message);
    expect(verify(null, message, createPublicKey(key.getPublicPEM()), signature)).toBe(true);
    expect(signature.equals(sign(null, message, key.getPrivatePEM()))).toBe(true);
  });

  // Comments of all lengths go through all lengths of padding.
  it.each(["", "a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"])(
    "pads with the comment %j",
    (comment) => {
      const key = utils.parseKey(ed25519FromSeed(seed, comment).privateKeyOpenSsh);
      expect(key).not.toBeInstanceOf(Error);
      const lines = ed25519FromSeed(seed, comment).privateKeyOpenSsh.split("\n");
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(70);
      const body = Buffer.from(lines.slice(1, -2).join(""), "base64");
      const head = 15 + 8 + 8 + 4 + 4 + 4 + 51; // magic, 2x "none", "", count, public key
      expect(body.readUInt32BE(head)).toBe(body.length - head - 4);
      const unpadded = 4 + 4 + 51 + (4 + 64) + (4 + comment.length); // check number twice, public, private key, comment
      expect(body.length - head - 4).toBe(Math.ceil(unpadded / 8) * 8);
    },
  );

  const keygen = spawnSync("ssh-keygen", ["-?"]).error === undefined;
  it.skipIf(!keygen)("is read by OpenSSH", () => {
    const folder = temporary("keys");
    for (const comment of ["", "a", "root@kvm1", "a longer comment, with words"]) {
      const pair = ed25519FromSeed(seed, comment);
      const file = join(folder, "key");
      writeFileSync(file, pair.privateKeyOpenSsh, { mode: 0o600 });
      expect(execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim()).toBe(
        pair.publicKeyLine,
      );
    }
  });

  it("refuses a seed of another length and a comment that would break the line", () => {
    expect(() => ed25519FromSeed(seed.subarray(1))).toThrow("exactly 32");
    expect(() => ed25519FromSeed(seed, "a\nssh-rsa AAAA")).toThrow("one line");
  });
});

describe("wireguardFromSeed", () => {
  it("has RFC 7748's public key (section 5.2: the first iteration multiplies the base point, 9, by 9)", () => {
    const { privateKey, publicKey } = wireguardFromSeed(bytes("09".padEnd(64, "0")));
    const key = "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079";
    expect(Buffer.from(publicKey, "base64").toString("hex")).toBe(key);
    const clamped = Buffer.from(privateKey, "base64");
    expect([(clamped[0] ?? 0) & 7, (clamped[31] ?? 0) & 192]).toEqual([0, 64]);
    expect(wireguardPublicKey(privateKey)).toBe(publicKey);
  });

  it.each(["", "AAAA", "not base64 at all, but forty-four chars long!"])(
    "refuses %j as a private key",
    (text) => {
      expect(() => wireguardPublicKey(text)).toThrow("32 bytes in base64");
    },
  );
});
