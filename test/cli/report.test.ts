import { describe, expect, it } from "vitest";
import { renderResults, resultsJson, wantsColour } from "../../cli/output/report";

describe("the report", () => {
  const results = [
    { name: "ssh/kvm1", ok: true, expected: "answers", got: "answers", where: "./vxlab ssh kvm1 -- uptime" },
    {
      name: "ping/c1/c2",
      ok: false,
      expected: "c2 answers c1",
      got: "no answer",
      where: "./vxlab exec c1 -- ping c2",
    },
  ];

  it("says of a failed check what was expected and where to look", () => {
    expect(renderResults(results, false)).toBe(
      [
        "  ok    ssh/kvm1    answers",
        "  FAIL  ping/c1/c2  no answer",
        "          expected  c2 answers c1",
        "          look      ./vxlab exec c1 -- ping c2",
        "",
        "1 checks passed, 1 failed",
      ].join("\n"),
    );
  });

  it("says what was not pinged", () => {
    const last = (pairs?: { pinged: number; all: number }) =>
      renderResults(results, false, pairs).split("\n").at(-1);
    expect(last({ pinged: 40, all: 132 })).toBe(
      "pinged 40 of 132 pairs of containers; --all-pairs pings the rest",
    );
    expect(last({ pinged: 2, all: 2 })).toBe("1 checks passed, 1 failed");
    expect(last()).toBe("1 checks passed, 1 failed");
    expect(resultsJson(results, { pinged: 40, all: 132 })).toMatchObject({ pairs: { pinged: 40, all: 132 } });
  });

  it("colours the verdicts only", () => {
    const [ok, fail, , , , end] = renderResults(results, true).split("\n");
    expect(ok).toBe("\u001b[32m  ok\u001b[0m    ssh/kvm1    answers");
    expect(fail).toBe("\u001b[31m  FAIL\u001b[0m  ping/c1/c2  no answer");
    expect(end).toBe("\u001b[31m1 checks passed, 1 failed\u001b[0m");
  });

  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
  ])("terminal %s, %o: colour %s", (terminal, environment, colour) => {
    expect(wantsColour(terminal, environment)).toBe(colour);
  });

  it("is a fixed object for programs", () => {
    expect(resultsJson(results)).toEqual({ ok: false, passed: 1, failed: 1, checks: results });
    expect(resultsJson([]).ok).toBe(true);
  });
});
