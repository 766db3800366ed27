/** A settings file stays as its user wrote it when Pulumi adds the salt of the passphrase. */
import { describe, expect, it } from "vitest";
import { withSalt, withSaltOf } from "../../cli/settings/salt";

const SALT = "encryptionsalt: v1:b4Zq2sVvN8I=:v1:8Kk7uWl0oVf6b7cR:1JH+9a==";
const OWN = "# my lab\nconfig:\n  vxlab:hosts:\n    kvm1: { address: 192.168.10.156 } # the first\n";
const THEIRS = "config:\n  vxlab:hosts:\n    kvm1: {address: 192.168.10.156}\n";

it.each([
  ["keeps comments and blanks, the salt first", OWN, `${THEIRS}${SALT}\n`, `${SALT}\n${OWN}`],
  ["takes Pulumi's where there was nothing", "", `${SALT}\n`, `${SALT}\n`],
  ["takes Pulumi's where the salt was there", `${SALT}\n${OWN}`, `${THEIRS}${SALT}\n`, `${THEIRS}${SALT}\n`],
  ["takes Pulumi's where it means something else", OWN, `config: {}\n${SALT}\n`, `config: {}\n${SALT}\n`],
  [
    "takes Pulumi's where a line cannot stand before it",
    '{ "config": {} }\n',
    `config: {}\n${SALT}\n`,
    `config: {}\n${SALT}\n`,
  ],
  ["leaves a file without salt", OWN, OWN, OWN],
])("%s", (_, before, after, wanted) => {
  expect(withSalt(before, after)).toBe(wanted);
});

describe("a file without the salt of its stack", () => {
  const state = {
    checkpoint: { latest: { secrets_providers: { state: { salt: SALT.slice(SALT.indexOf("v1")) } } } },
  };

  it.each([
    ["gets it on the first line", state, OWN, `${SALT}\n${OWN}`],
    ["stays where the stack has no passphrase", { checkpoint: { latest: null } }, OWN, OWN],
    ["stays where no line can be put before it", state, '{ "config": {} }\n', '{ "config": {} }\n'],
    ["stays where it begins as a document", state, `---\n${OWN}`, `---\n${OWN}`],
    ["stays where it is wrong", state, "config: {\n", "config: {\n"],
  ])("%s", (_, of, before, wanted) => {
    expect(withSaltOf(of, before)).toBe(wanted);
  });
});
