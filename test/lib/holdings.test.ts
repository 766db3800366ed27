/** The count of what a lab holds finds each kind of leak, made on purpose, and nothing of a neighbour's. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { grown, holdings } from "./holdings";
import { temporary } from "./temporary";
import { within } from "./wait";

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));

/** A folder that is a lab's. */
function owner() {
  const root = temporary("holdings");
  const dot = join(root, ".vxlab");
  mkdirSync(dot);
  return { root, namespace: "vxlab-0123none", paths: { id: "0123none", dot } };
}

/** @returns when it has said that it is ready */
async function leave(folder: string, program: string, ...words: string[]): Promise<void> {
  const child = spawn(program, words, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let ready = false;
  child.stdout.once("data", () => (ready = true));
  await within(20, `${program} is ready`, () => Promise.resolve(ready));
}

const USER = process.getuid?.() === 0 ? [] : ["--map-root-user"];
const STAYS = "echo ready; exec sleep 600";

it.each([
  {
    kind: "a process",
    leak: (root: string) => leave(root, "sh", "-c", STAYS),
    found: [/^process sleep 600/],
  },
  {
    kind: "a network namespace, which a process holds",
    leak: (root: string) => leave(root, "unshare", ...USER, "--net", "sh", "-c", STAYS),
    found: [/^process sleep 600/, /^namespace net:\[\d+\]$/],
  },
  {
    kind: "a mount, of this machine or in a namespace of a process",
    leak: (root: string) =>
      leave(
        root,
        "unshare",
        ...USER,
        ...["--mount", "sh", "-c", `mkdir here && mount -t tmpfs leaky "$PWD/here"; ${STAYS}`],
      ),
    found: [/^process sleep 600/, /^namespace mnt:\[\d+\]$/, /^mount \/ .*\/here leaky$/, /^file .*\/here$/],
  },
  {
    kind: "a file, whatever its folder",
    leak: (root: string) => {
      mkdirSync(join(root, ".vxlab", "deep"));
      writeFileSync(join(root, ".vxlab", "deep", "leaked"), "x".repeat(100_000));
      return Promise.resolve();
    },
    found: [/^file .*\/\.vxlab\/deep$/, /^file .*\/deep\/leaked$/],
  },
])("finds $kind", async ({ leak, found }) => {
  const [mine, other] = [owner(), owner()];
  const count = (of: typeof mine) => holdings(of, [], [of.root]);
  const [before, theirs] = [count(mine), count(other)];
  await leak(mine.root);
  const after = count(mine);
  const more = grown(before.lines, after.lines);
  expect(
    found.filter((rule) => !more.some((line) => rule.test(line))),
    more.join("\n"),
  ).toEqual([]);
  expect(more).toHaveLength(found.length);
  expect(grown(theirs.lines, count(other).lines)).toEqual([]);
  expect(after.memory > before.memory).toBe(found.some((rule) => rule.source.includes("process")));
  expect(after.bytes >= before.bytes + 4096).toBe(found.some((rule) => rule.source.includes("file")));
});

it("counts what is there twice", () => {
  expect(grown(["a", "b"], ["b", "a", "b"])).toEqual(["b"]);
  expect(grown(["a", "b"], ["b"])).toEqual([]);
});
