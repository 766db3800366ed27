/** Environment variables of Docker containers: what is taken, and what can be a secret (test/guest/docker-start.test.ts too). */
import { describe, expect, it } from "vitest";
import { TopologyError } from "../../plan/errors";
import { exposure, variableWords } from "../../components/container/variables";

function refusal(env: Record<string, unknown>, secret: boolean): string {
  try {
    variableWords("web", env as Record<string, string>, secret);
  } catch (error) {
    if (error instanceof TopologyError) return error.message;
    throw error;
  }
  return "";
}

describe("variables", () => {
  it("are words in the order of their names", () => {
    expect(variableWords("web", { b: "2=2", a: "", "A B": "\n" }, false)).toEqual(["A B=\n", "a=", "b=2=2"]);
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ "A=": "canary" }, /web\.env\["A="\]: got "\[secret\]"/],
    [{ A: ["canary"] }, /web\.env\.A: got "\[secret\]"\n +Is not text/],
    [{ A: "canary\0" }, /web\.env\.A: got "\[secret\]"/],
    [{ "A B": "canary" }, /web\.env\["A B"\]: got "\[secret\]"\n +Cannot be secret: its name/],
    [{ "a.b": "canary\n" }, /web\.env\["a\.b"\]: got "\[secret\]"\n +Cannot be secret: it has several lines/],
  ])("%j as secrets are refused without their value", (env, message) => {
    expect(refusal(env, true)).toMatch(message);
    expect(refusal(env, true)).not.toContain("canary");
  });

  it.each(["A", "_a1", "discovery.type", "http-proxy", "a/b:c@d,e+f%g"])("can be secret: %s", (name) => {
    expect(exposure(name, "it's $(x) \t\r 'y'")).toBeUndefined();
    expect(refusal({ [name]: "x" }, true)).toBe("");
  });

  it("of several lines, or long, can be secret under a name that a shell exports", () => {
    for (const value of ["1\n2", "ends\r", "x".repeat(20_000), "ř".repeat(8_000)]) {
      expect(exposure("KEY", value)).toBeUndefined();
      for (const name of ["a.b", "PATH", "IFS", "DOCKER_HOST", "LD_PRELOAD", "env_0", "1a"])
        expect([name, exposure(name, value)]).toEqual([
          name,
          expect.stringMatching(/several lines or is long/),
        ]);
    }
  });
});
