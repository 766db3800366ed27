/** A set-up that is killed, or that runs twice: in processes of their own, with a compiler that is a script. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { project } from "../cli/world";
import { programs } from "../lib/fake-path";
import { temporary } from "../lib/temporary";

/** Compiles four packages, and keeps them in its cache. If `hang` is there, it stops in the middle of the third, with half a program. */
const GO = `case $1 in
version) echo go version go1.26.0 linux/amd64; exit ;;
list) printf 'p%s\\n' 1 2 3 4; exit ;;
esac
while [ "$1" != -o ]; do shift; done
mkdir -p "$2" "$GOCACHE"
for package in p1 p2 p3 p4; do
  [ ! -e "$GOCACHE/$package" ] || continue
  echo "$package" >&2
  if [ "$package" = p3 ] && [ -e "$GOCACHE/../../hang" ]; then printf half >"$2/small"; sleep 60; fi
  echo "$package" >>"$GOCACHE/../../compiled"
  : >"$GOCACHE/$package"
done
printf whole >"$2/small"`;

/** Sets one small program up, and prints the progress. */
const SCRIPT = `import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "${project}/toolchain/go/build";
import { builtFolder } from "${project}/toolchain/go/recipe";
import { settingUp } from "${project}/toolchain/setup/set-up";
import { pathsOf } from "${project}/system/paths";

const paths = pathsOf(process.argv[2]!, process.env);
const recipe = { module: "small", programs: { small: "vxlab.local/small" }, title: "small" };
const say = (text: string) => console.log(text);
const reporter = { line: say, step: <T>(_: string, work: (say: (text: string) => void) => T) => work(say) };
const out = join(builtFolder(paths, recipe), "small");
settingUp(paths, reporter, async () => {
  if (existsSync(out)) say("is there");
  else await build(recipe, ["small"], { paths, environment: process.env, reporter });
}).then(() => say(out));
`;

let root: string;
let cache: string;
let script: string;

beforeEach(() => {
  root = temporary("interrupted");
  cache = join(root, "cache");
  mkdirSync(join(root, "toolchain", "go", "small"), { recursive: true });
  mkdirSync(cache);
  for (const name of ["go.mod", "go.sum"]) writeFileSync(join(root, "toolchain", "go", "small", name), "");
  symlinkSync(join(project, "node_modules"), join(root, "node_modules"));
  script = join(root, "script.ts");
  writeFileSync(script, SCRIPT);
});

interface Run {
  child: ChildProcess;
  said: () => string[];
  ended: Promise<unknown>;
}

function setUp(): Run {
  const tsx = join(project, "node_modules", "tsx", "dist", "cli.mjs");
  // Its compiler is in its process group, as in a terminal.
  const child = spawn(process.execPath, [tsx, script, root], {
    env: { ...process.env, PATH: `${programs({ go: GO })}:${process.env["PATH"]}`, VXLAB_CACHE: cache },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { child, said: () => text.trim().split("\n"), ended: once(child, "close") };
}

const compiled = (): string[] => readFileSync(join(cache, "compiled"), "utf8").trim().split("\n");
const half = (): Promise<void> =>
  expect
    .poll(
      () =>
        existsSync(join(cache, "work")) &&
        readdirSync(join(cache, "work"), { recursive: true }).some((name) => String(name).endsWith("/small")),
      { timeout: 60_000 },
    )
    .toBe(true);

async function interrupted(signal: NodeJS.Signals): Promise<void> {
  writeFileSync(join(cache, "hang"), "");
  const { child, ended } = setUp();
  await half();
  process.kill(-(child.pid ?? 0), signal);
  await ended;
}

describe.each(["SIGINT", "SIGKILL"] as const)("after %s in the middle of a build", (signal) => {
  it("the next run compiles the rest only, counts on, and leaves nothing else", async () => {
    await interrupted(signal);
    expect(existsSync(join(cache, "built")), "half a program is not in its place").toBe(false);
    expect(compiled()).toEqual(["p1", "p2"]);
    rmSync(join(cache, "hang"));
    const { said, ended } = setUp();
    await ended;
    expect(compiled()).toEqual(["p1", "p2", "p3", "p4"]);
    // What was ended may take a moment to be gone, with the lock that it holds.
    const news = said().filter((line) => !line.startsWith("waiting for another vxlab"));
    expect(news).toEqual(["4 of 4 packages", expect.stringMatching(/\/small$/)]);
    expect(readFileSync(said().at(-1) ?? "", "utf8")).toBe("whole");
    expect(readdirSync(cache).sort()).toEqual(["built", "compiled", "work"]);
    expect(readdirSync(join(cache, "work"))).toEqual([]);
  });
});

describe("two set-ups at once on one cache", () => {
  it("build once: the second waits, names the first, and finds the program", async () => {
    writeFileSync(join(cache, "hang"), "");
    const first = setUp();
    await half();
    const second = setUp();
    await expect
      .poll(second.said, { timeout: 60_000 })
      .toEqual([
        expect.stringMatching(/^waiting for another vxlab \(pid \d+\) that sets up the same cache$/),
      ]);
    // The first is killed, and the second goes on in its place.
    rmSync(join(cache, "hang"));
    process.kill(-(first.child.pid ?? 0), "SIGKILL");
    await second.ended;
    expect(second.said().slice(1)).toEqual(["4 of 4 packages", expect.stringMatching(/\/small$/)]);
    expect(compiled()).toEqual(["p1", "p2", "p3", "p4"]);
    const third = setUp();
    await third.ended;
    expect(third.said()[0]).toBe("is there");
  });
});
