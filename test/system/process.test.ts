import { describe, expect, it } from "vitest";
import { run } from "../../system/process";

describe("a program that takes too long", () => {
  it.each([
    ["it waits itself", "echo begun; exec sleep 20"],
    ["what it has started holds its pipes", "sleep 20 & echo begun; wait"],
  ])("is ended in time: %s", async (_, script) => {
    const start = Date.now();
    expect(await run("sh", ["-c", script], { timeout: 0.5 })).toEqual({
      ...{ code: 124, stdout: "begun\n", stderr: "" },
    });
    expect(Date.now() - start).toBeLessThan(10_000);
  });
});
