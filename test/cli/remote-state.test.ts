import { describe, expect, it } from "vitest";
import { Exit, Fault } from "../../cli/exit";
import { keysOfState } from "../../cli/state/keys";
import { labOfState } from "../../cli/state/lab";
import { LOGIN_KEY_INFO, deriveSeed, ed25519FromSeed } from "../../plan/keys";
import { SECRET, referenceLab } from "./fixture";

const STACK = "pulumi:pulumi:Stack";
const RANDOM = "random:index/randomPassword:RandomPassword";
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** As `pulumi stack export --show-secrets` writes a secret output. */
const secret = (bytes: Buffer) => ({
  type: RANDOM,
  outputs: {
    result: {
      [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270",
      plaintext: JSON.stringify(bytes.toString("base64url")),
    },
  },
});
const state = (lab: unknown, ...more: object[]) => ({
  version: 3,
  deployment: { resources: [{ type: STACK, outputs: { lab } }, ...more] },
});
const loginKey = ed25519FromSeed(deriveSeed(SECRET, LOGIN_KEY_INFO)).privateKeyOpenSsh;

const both = new Map([
  ["kvm1", loginKey],
  ["kvm2", loginKey],
]);

describe("a state with a lab", () => {
  it("gives the lab, and the key computed from its secret", () => {
    const found = state(referenceLab(), secret(SECRET));
    expect(labOfState(found, "lab")).toEqual(referenceLab());
    expect(keysOfState(found, referenceLab(), "lab")).toEqual(both);
  });

  it("gives the lab without its secrets as well", () => {
    const sealed = { type: RANDOM, outputs: { result: { [SIGNATURE]: "1b47…", ciphertext: "v1:…" } } };
    const lab = labOfState(state(referenceLab(), sealed), "lab");
    expect(lab).toEqual(referenceLab());
  });

  it("gives the lab that the component holds, where the stack's output waits for a check that has failed", () => {
    const older = { ...referenceLab(), containers: [] };
    const lab = { type: "vxlab:index:VxlanLab", outputs: { lab: referenceLab() } };
    expect(labOfState(state(older, lab), "lab")).toEqual(referenceLab());
    expect(labOfState({ deployment: { resources: [lab] } }, "lab")).toEqual(referenceLab());
  });

  it("takes a secret that lies open as well", () => {
    const open = { type: RANDOM, outputs: { result: SECRET.toString("base64url") } };
    expect(keysOfState(state(referenceLab(), open), referenceLab(), "lab")).toEqual(both);
  });

  it("takes of several secrets the one that the host keys come from", () => {
    const others = [secret(Buffer.alloc(32, 1)), secret(Buffer.alloc(4, 1)), { type: RANDOM }];
    const found = state(referenceLab(), ...others, secret(SECRET));
    expect(keysOfState(found, referenceLab(), "lab")).toEqual(both);
  });
});

describe("a state without", () => {
  const upFirst = "there is no lab in stack demo: run ./vxlab up first";
  it.each([
    ["an empty stack", { version: 3, deployment: {} }, upFirst],
    ["no state", undefined, upFirst],
    ["a stack of something else", state(undefined), upFirst],
    [
      "a lab of another schema",
      state({ ...referenceLab(), schema: 1 }, secret(SECRET)),
      "the lab of stack demo has schema 1, and this vxlab reads 3: run ./vxlab up, or use the version of vxlab that deployed it",
    ],
    [
      "a lab whose secret is not there",
      state(referenceLab(), secret(Buffer.alloc(32, 1))),
      "no secret in the state of stack demo matches the lab's host keys: run ./vxlab up",
    ],
  ])("%s is told, with exit code 3", (_, found, message) => {
    const attempt = () => keysOfState(found, labOfState(found, "demo"), "demo");
    expect(attempt).toThrow(new Fault(Exit.missing, message));
    try {
      attempt();
    } catch (error) {
      expect((error as Fault).code).toBe(Exit.missing);
    }
  });
});
