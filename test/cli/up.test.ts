import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { prove, up } from "../../cli/commands/up";
import { Exit } from "../../cli/exit";
import * as lab from "../../cli/access/lab";
import type { CheckResult } from "../../verify/check";
import { world, type World } from "./world";

const check = (name: string, ok: boolean): CheckResult => ({ name, ok, expected: "e", got: "g", where: "w" });
const good = { ok: true, passed: 1, failed: 0, checks: [check("one", true)] };
const bad = { ok: false, passed: 0, failed: 1, checks: [check("two", false)] };
/** What is found in the stacks' labs. */
const FOUND: Record<string, CheckResult[]> = {
  lab: good.checks,
  "overlay-a": bad.checks,
  "overlay-b": good.checks,
};

let here: World;
beforeEach(() => {
  here = world();
  here.write("Pulumi.underlay-a.yaml", "config:\n  vxlab:role: underlay\n");
  for (const name of ["a", "b"])
    here.write(`Pulumi.overlay-${name}.yaml`, "config:\n  vxlab:role: overlay\n");
  vi.spyOn(lab, "withLab").mockImplementation((_, stack) =>
    Promise.resolve({ results: FOUND[stack] } as never),
  );
});
afterEach(() => void vi.restoreAllMocks());

describe("up --json", () => {
  it.each([
    ["a lab alone: verify's own", ["lab"], good, Exit.ok],
    ["an overlay alone", ["overlay-a"], bad, Exit.failed],
    ["an underlay alone", ["underlay-a"], [], Exit.ok],
    [
      "an underlay and what stands on it",
      ["underlay-a", "overlay-b"],
      [{ stack: "overlay-b", ...good }],
      Exit.ok,
    ],
    [
      "several, whatever is found in the first",
      ["overlay-a", "overlay-b"],
      [
        { stack: "overlay-a", ...bad },
        { stack: "overlay-b", ...good },
      ],
      Exit.failed,
    ],
  ])("prints one document: %s", async (_, stacks, document, code) => {
    expect(await prove(here, stacks, true)).toBe(code);
    expect(JSON.parse(here.stdout())).toEqual(document);
  });

  it("and --no-verify exclude each other, before anything is touched", async () => {
    await expect(up.run(here, ["--json", "--no-verify"])).rejects.toMatchObject({
      code: Exit.usage,
      message: expect.stringContaining("usage: vxlab up") as string,
    });
    expect([here.stdout(), here.stderr()]).toEqual(["", ""]);
  });
});

describe("up for people", () => {
  it("ends at the first stack that is not as it should be", async () => {
    expect(await prove(here, ["overlay-b", "overlay-a", "lab"], false)).toBe(Exit.failed);
    expect(here.stdout().match(/checks passed/g)).toHaveLength(2);
  });
});
