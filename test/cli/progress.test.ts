import { appendFileSync, closeSync, openSync, readdirSync, statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cureOf, summary } from "../../cli/engine/engine";
import { eventLog, Progress, type EngineEvent } from "../../cli/engine/events";
import { Output, table } from "../../cli/output/output";
import { batches, tally, type Stage } from "../../cli/commands/test-stages";
import { temporary } from "../lib/temporary";

const urn = "urn:pulumi:lab::vxlab::vxlab:index:KvmHost$libvirt:index/domain:Domain::kvm1";
const meta = (op: string, custom = true) => ({ metadata: { op, urn, new: { custom } } });

function watch(events: EngineEvent[]) {
  const lines: string[] = [];
  let clock = 0;
  const progress = new Progress(
    (text) => lines.push(text),
    () => undefined,
    () => (clock += 1500),
  );
  events.forEach((event) => progress.take(event));
  return { lines, progress };
}

describe("the engine's events", () => {
  it("become a line for each thing that was done", () => {
    const events = [{ resourcePreEvent: meta("create") }, { resOutputsEvent: meta("create") }];
    expect(watch(events).lines).toEqual(["  created   Domain kvm1 (1.5 s)"]);
  });

  it.each([
    ["unchanged", { resOutputsEvent: meta("same") }],
    ["a component", { resOutputsEvent: meta("create", false) }],
    ["both halves of a replacement", { resOutputsEvent: meta("replace") }],
  ])("say nothing of what is %s", (_, event) => {
    expect(watch([event]).lines).toEqual([]);
  });

  it("keep errors, each once, without marks, and without the engine's closing words", () => {
    const error = (message: string, at?: string) => ({
      diagnosticEvent: { urn: at, message, severity: "error" },
    });
    const { progress } = watch([
      error("<{%reset%}>[ERROR] : no such pool", urn),
      error("no such pool:", urn),
      error("update failed"),
    ]);
    expect(progress.errors).toEqual(["Domain kvm1: no such pool"]);
  });

  it("that do not come: a seed that hangs in the provider is said once, with the cure", () => {
    const seed = {
      ...meta("create").metadata,
      urn: "urn:pulumi:lab::vxlab::libvirt:index/cloudinitDisk:CloudinitDisk::s",
    };
    const lines: string[] = [];
    let clock = 0;
    const progress = new Progress(
      (text) => lines.push(text),
      () => undefined,
      () => clock,
    );
    progress.take({ resourcePreEvent: { metadata: seed } });
    clock = 119_000;
    progress.tick();
    expect(lines).toEqual([]);
    clock = 121_000;
    progress.tick();
    progress.tick();
    expect(lines).toEqual([expect.stringMatching(/CloudinitDisk s takes minutes .* Ctrl-C/)]);
  });

  it("are read as they are written, line by line", () => {
    const folder = temporary("events");
    const source = eventLog(folder);
    const file = source.path;
    expect(readdirSync(folder), "nothing that could be left").toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // As Pulumi opens it (pkg/backend/display/display.go, startEventLogger).
    closeSync(openSync(file, "w"));
    expect(source.read()).toEqual([]);
    appendFileSync(file, '{"summaryEvent":{"resourceChanges":{"same":1}}}\n{"diagn');
    expect(source.read()).toHaveLength(1);
    expect(source.read()).toHaveLength(0);
    appendFileSync(file, 'osticEvent":{"message":"ü","severity":"error"}}\n');
    expect(source.read()[0]?.diagnosticEvent?.message).toBe("ü");
    source.close();
  });

  it.each([
    [
      "ssh: handshake failed: ssh: host key mismatch",
      /hosts\.srv-1\.existing\.hostKey is not the host's key/,
    ],
    [
      "ssh: unable to authenticate, attempted methods [none publickey]",
      /hosts\.srv-1\.existing\.keyFile to the authorized_keys/,
    ],
    [
      "dial tcp 172.20.0.77:22: connect: no route to host",
      /no SSH server answers: check hosts\.srv-1\.address/,
    ],
  ])("have a cure where a host that is there already is not let in or found: %s", (words, cure) => {
    expect(cureOf(`Command lab-srv-1-check: after 6 failed attempts: ${words}`)).toMatch(cure);
    const step = cureOf(`Command lab-srv-1-vxbr-step: after 6 failed attempts: ${words}`);
    expect(step).toMatch(words.startsWith("dial") ? /run \.\/vxlab forget HOST first/ : /^$/);
  });

  it("end in one line", () => {
    expect(summary({ same: 18, create: 2 })).toBe("18 unchanged, 2 create");
    expect(summary({})).toBe("nothing to do");
  });
});

describe("test results", () => {
  const file = (status: string, ...tests: string[]) => ({
    name: "/checkout/test/lab/truth.test.ts",
    status,
    message: "\u001b[31mSyntaxError: no such export\u001b[39m\n  at truth.test.ts:1",
    assertionResults: tests.map((one) => ({
      status: one,
      fullName: "a host answers",
      failureMessages: one === "failed" ? ["Error: no answer\n  at truth.test.ts:7"] : [],
    })),
  });
  const json = (passed: number, failed: number, ...testResults: object[]) =>
    JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults });

  it.each([
    ["all well", json(3, 0, file("passed", "passed")), 0, [3, 0]],
    [
      "a failed test",
      json(2, 1, file("failed", "failed")),
      1,
      [2, 1],
      "truth.test.ts: a host answers: Error: no answer",
    ],
    [
      "a file that cannot be loaded",
      json(2, 0, file("failed")),
      1,
      [2, 1],
      "truth.test.ts: cannot be run: SyntaxError: no such export",
    ],
    [
      "an error outside of all tests",
      json(2, 0, file("passed", "passed")),
      1,
      [2, 1],
      "an error outside of all tests: see above",
    ],
  ])("count and name %s", (_, text, code, [passed, failed], ...failures: string[]) => {
    expect(tally(text, code)).toEqual({ passed, failed, failures });
  });
});

describe("stages", () => {
  const stage = (name: string, alone: boolean): Stage => ({
    name,
    alone,
    heavy: false,
    run: () => Promise.resolve({ passed: 0, failed: 0, failures: [] }),
  });

  it("run side by side only where each of them may, and in order", () => {
    const all = [stage("a", false), stage("b", false), stage("c", true), stage("d", true), stage("e", false)];
    expect(batches(all).map((batch) => batch.map(({ name }) => name))).toEqual([
      ["a", "b"],
      ["c"],
      ["d"],
      ["e"],
    ]);
    expect(batches([])).toEqual([]);
  });
});

describe("output", () => {
  const sink = (isTTY: boolean) => {
    let text = "";
    return { isTTY, columns: 80, write: (more: string) => (text += more), text: () => text };
  };

  it("keeps results on stdout and progress on stderr", async () => {
    const [out, err] = [sink(false), sink(false)];
    const output = new Output(out, err, {});
    expect(await output.step("work", () => Promise.resolve(7))).toBe(7);
    output.print("result");
    expect(out.text()).toBe("result\n");
    expect(err.text()).toMatch(/^work …\nwork: \d+\.\d s\n$/);
  });

  it("says which step failed", async () => {
    const err = sink(false);
    const work = new Output(sink(false), err, {}).step("work", () => Promise.reject(new Error("no")));
    await expect(work).rejects.toThrow("no");
    expect(err.text()).toMatch(/work: failed after \d+\.\d s\n$/);
  });

  describe("of a wait", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());
    const after = (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(7), ms));

    it.each([
      [0, ""],
      [1900, ""],
      [2100, "asking …\nasking: 2.1 s\n"],
      [31_000, "asking …\nasking: 31.0 s\n"],
      [40_000, "asking …\nasking … 32 s\nasking: 40.0 s\n"],
    ])("of %i ms on a pipe is %j", async (ms, said) => {
      const err = sink(false);
      const work = new Output(sink(false), err, {}).wait("asking", () => after(ms));
      await vi.advanceTimersByTimeAsync(ms);
      expect(await work).toBe(7);
      expect(err.text()).toBe(said);
      expect(vi.getTimerCount()).toBe(0);
    });

    it("begins on a terminal after two seconds, and counts from the first", async () => {
      const err = sink(true);
      const work = new Output(sink(true), err, {}).wait("asking", () => after(4000));
      await vi.advanceTimersByTimeAsync(2000);
      expect(err.text()).toBe("");
      await vi.advanceTimersByTimeAsync(1100);
      expect(err.text()).toMatch(/asking … 3 s$/);
      await vi.advanceTimersByTimeAsync(900);
      await work;
    });

    it("ends with the error of the work, early or late", async () => {
      const err = sink(false);
      const fail = async (ms: number) => after(ms).then(() => Promise.reject(new Error("no")));
      const output = new Output(sink(false), err, {});
      for (const ms of [100, 3000]) {
        const work = expect(output.wait("asking", () => fail(ms))).rejects.toThrow("no");
        await vi.advanceTimersByTimeAsync(ms);
        await work;
      }
      expect(err.text()).toBe("asking …\nasking: failed after 3.0 s\n");
    });
  });

  it("draws tables without blanks at the end", () => {
    expect(
      table([
        ["a", "long", "x"],
        ["bcd", "e"],
      ]),
    ).toBe("a    long  x\nbcd  e");
  });
});
