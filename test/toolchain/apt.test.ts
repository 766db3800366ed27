/** Installing what a machine lacks, as root, with an apt-get that is none. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { machineCompletion } from "../../toolchain/machine/complete";
import type { Environment } from "../../system/paths";
import { Missing } from "../../system/reporter";
import { requirements } from "../../toolchain/machine/requirements";
import { programs } from "../lib/fake-path";
import { temporary } from "../lib/temporary";
import { world } from "../cli/world";

const INSTALL = "install -y --no-install-recommends dash shellcheck";
const UPDATE = "update -q";

/** What the tests need, all but two: every one of them is a program that does nothing. */
const present = requirements.filter((one) => one.when === "test").map(({ program }) => program);
const lacking = ["shellcheck", "dash"];

beforeEach(() => void vi.spyOn(process, "getuid").mockReturnValue(0));

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

interface Machine {
  environment: Environment;
  /** What apt-get was called with, a line each, with what it was told by its environment. */
  calls: () => string[];
}

/**
 * @param verbs what apt-get does, by its first word; $here is the folder on PATH, $nth how often the word has come
 */
function machine(verbs: { install: string; update: string }): Machine {
  const log = join(temporary("apt"), "calls");
  const there = present.filter((name) => !lacking.includes(name)).map((name) => [name, "exit 0"]);
  const script = [
    `echo "$DEBIAN_FRONTEND $LC_ALL $*" >>'${log}'`,
    `here=\${0%/*} nth=$(grep -c " $1 " '${log}')`,
    `case $1 in install) ${verbs.install} ;; update) ${verbs.update} ;; esac`,
  ];
  const others = Object.fromEntries(there) as Record<string, string>;
  const folder = programs({ ...others, "apt-get": script.join("\n") });
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
  const calls = () => (existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : []);
  return { environment: { PATH: folder }, calls };
}

/** As dpkg leaves them. */
const BRING = `for one in ${lacking.join(" ")}; do echo '#!/bin/sh' >"$here/$one"; chmod +x "$here/$one"; done`;
const STALE = "E: Failed to fetch http://mirror.test/shellcheck_0.9.0-1_amd64.deb  404  Not Found";

async function complete({ environment }: Machine): Promise<void> {
  const { paths, out } = world();
  await (
    await machineCompletion(["test"], paths, environment, out)
  )();
}

async function refusal(one: Machine): Promise<Missing> {
  const error = await complete(one).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Missing);
  return error as Missing;
}

const told = (words: string): string => `noninteractive C ${words}`;

describe("what is missing, as root", () => {
  it("is installed, in one call for all of it; a second run calls nothing", async () => {
    const one = machine({ install: BRING, update: ":" });
    await complete(one);
    expect(one.calls().at(-1)).toBe(told(INSTALL));
    const before = one.calls().length;
    await complete(one);
    expect(one.calls()).toHaveLength(before);
  });

  it("is looked for at once, and installed beside other work when that is asked for", async () => {
    const one = machine({ install: BRING, update: ":" });
    const { paths, out } = world();
    const finish = await machineCompletion(["test"], paths, one.environment, out);
    expect(one.calls()).toEqual([]);
    await finish();
    expect(one.calls().at(-1)).toBe(told(INSTALL));
  });

  it("is tried again with new lists when the lists name what the mirror has dropped", async () => {
    const install = `[ "$nth" -gt 1 ] || { echo '${STALE}' >&2; exit 100; }; ${BRING}`;
    const one = machine({ install, update: ":" });
    await complete(one);
    // This machine's lists may be old: then they are fetched before the first try as well.
    expect(one.calls().slice(-3)).toEqual([INSTALL, UPDATE, INSTALL].map(told));
  });

  it("is not tried with lists that are a week old: they are fetched first", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2100-01-01T00:00:00Z") });
    const one = machine({ install: BRING, update: ":" });
    await complete(one);
    expect(one.calls()).toEqual([UPDATE, INSTALL].map(told));
  });

  it.each([
    ["install", { install: `echo '${STALE}' >&2; exit 100`, update: ":" }, STALE],
    ["update", { install: "exit 100", update: "echo 'E: no mirror' >&2; exit 100" }, "E: no mirror"],
  ])("is named, with the cure and apt-get's own words, when %s fails", async (_, verbs, words) => {
    const one = machine(verbs);
    const { message } = await refusal(one);
    const [head, ...lines] = message.split("\n");
    expect(head).toBe("Debian packages could not be installed: dash shellcheck");
    expect(lines).toContain(words);
    expect(lines.at(-1)).toBe(`  apt-get update && apt-get ${INSTALL}`);
  });

  it("is named when apt-get ends well and it is not there all the same", async () => {
    const { message } = await refusal(machine({ install: "exit 0", update: ":" }));
    expect(message.split("\n").sort()).toEqual([
      "dash is still missing: apt-get install dash",
      "shellcheck is still missing: apt-get install shellcheck",
    ]);
  });
});
