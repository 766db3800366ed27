import { execFileSync, spawn } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { receive, send, sourceOf } from "../../cli/access/copy";
import { directions, lineFor } from "../../cli/commands/cp";
import { Fault } from "../../cli/exit";
import { script } from "../../cli/scripts";
import { scriptCommand } from "../../guest/quote";
import { fabricLab } from "./fixture";
import { temporary } from "../lib/temporary";

const SHELLS = ["dash", "busybox"];
const far = (line: string, shell = "dash") =>
  spawn(shell === "busybox" ? "busybox" : "dash", [...(shell === "busybox" ? ["sh"] : []), "-c", line], {
    stdio: ["pipe", "pipe", "pipe"],
  });
const put = (dest: string, name: string) => scriptCommand(script("put"), [dest, name]);
const get = (folder: string, name: string) => scriptCommand(script("get"), [folder, name]);

/** A folder with a file, a folder and a link. */
function site(name = "my site"): { folder: string; path: string } {
  const folder = temporary("site");
  mkdirSync(join(folder, name, "sub"), { recursive: true });
  writeFileSync(join(folder, name, "a b.txt"), "one\n");
  writeFileSync(join(folder, name, "sub", "-n"), Buffer.from([0, 255, 10]), { mode: 0o750 });
  symlinkSync("a b.txt", join(folder, name, "link"));
  return { folder, path: join(folder, name) };
}

describe("the words of cp", () => {
  it.each([
    [["./f", "c1:/tmp/"], { from: { path: "./f" }, to: { name: "c1", path: "/tmp/" } }],
    [["kvm1:/var/../etc/hosts", "."], { from: { name: "kvm1", path: "/etc/hosts" }, to: { path: "." } }],
    [["./a:b", "c1:/x"], { from: { path: "./a:b" }, to: { name: "c1", path: "/x" } }],
  ])("%j", (words, expected) => {
    expect(directions(words)).toEqual(expected);
  });

  it.each([
    [["a"], "give one source and one destination"],
    [["a", "c1:/b", "c"], "give one source and one destination"],
    [["a", "b"], "one of the two must be NAME:PATH"],
    [["c1:/a", "c2:/b"], "one of the two must be NAME:PATH"],
    [["a", "c1:b"], "c1:b: give an absolute path after the colon"],
    [["c1:/", "."], "c1:/: name a file or a folder below /"],
  ])("%j are refused", (words, message) => {
    expect(() => directions(words)).toThrow(message);
  });

  it("reach the lab's host, or the container in it by a shell that is there", () => {
    const lab = fabricLab();
    expect(lineFor(lab, { name: "kvm1", path: "/a/b" }).host).toBe("kvm1");
    expect(lineFor(lab, { name: "c2", path: "/a" }, "f")).toMatchObject({
      host: "kvm2",
      line: expect.stringMatching(/^lxc-attach .* -n c2 .* -- \/bin\/sh -c '[\s\S]*' vxlab \/a f$/) as string,
    });
    expect(lineFor(lab, { name: "d1", path: "/a/b" }).line).toMatch(
      /^docker exec -i vxlab-d1 \/\.vxlab\/busybox sh -c '[\s\S]*' vxlab \/a b$/,
    );
    expect(() => lineFor(lab, { name: "x", path: "/a" })).toThrow(Fault);
  });
});

describe.each(SHELLS)("a copy through %s", (shell) => {
  const sent = async (path: string, dest: string) => {
    const source = sourceOf(path);
    await send(far(put(dest, source.name), shell), source);
  };

  it("goes into a folder that is there, under its own name, and comes back the same", async () => {
    const { path, folder } = site();
    const there = temporary("there");
    await sent(path, there);
    const back = temporary("back");
    await receive(far(get(there, "my site"), shell), "my site", back);
    expect(execFileSync("diff", ["-r", path, join(back, "my site")]).toString()).toBe("");
    expect(readlinkSync(join(back, "my site", "link"))).toBe("a b.txt");
    expect(lstatSync(join(back, "my site", "sub", "-n")).mode & 0o777).toBe(0o750);
    expect([readdirSync(there), readdirSync(back), readdirSync(folder)]).toEqual([
      ["my site"],
      ["my site"],
      ["my site"],
    ]);
  });

  it("takes the name that is not there yet, for a file and for a folder, both ways", async () => {
    const { path } = site();
    const there = temporary("there");
    await sent(path, join(there, "new"));
    await sent(join(path, "a b.txt"), join(there, "file"));
    expect(readdirSync(there).sort()).toEqual(["file", "new"]);
    const back = temporary("back");
    await receive(far(get(there, "file"), shell), "file", join(back, "f"));
    expect(readFileSync(join(back, "f"), "utf8")).toBe("one\n");
  });

  it("overwrites files and leaves others", async () => {
    const { path } = site();
    const there = temporary("there");
    mkdirSync(join(there, "my site"));
    writeFileSync(join(there, "my site", "a b.txt"), "old");
    writeFileSync(join(there, "my site", "kept"), "kept");
    await sent(path, there);
    expect(readFileSync(join(there, "my site", "a b.txt"), "utf8")).toBe("one\n");
    expect(readFileSync(join(there, "my site", "kept"), "utf8")).toBe("kept");
  });

  it("ends with the other side's words when that reads nothing of a large file", async () => {
    const there = temporary("there");
    const large = join(temporary("large"), "f");
    writeFileSync(large, Buffer.alloc(4 << 20));
    await expect(sent(large, join(there, "no/such"))).rejects.toThrow("there is no folder");
  });

  it.each([
    ["no such folder", "no/such", "there is no folder"],
    ["a folder that is not there", "new/", "there is no folder"],
    ["a folder onto a file", "file", "is a file, and my site is a folder"],
  ])("to %s is refused, and leaves nothing behind", async (_, dest, message) => {
    const there = temporary("there");
    writeFileSync(join(there, "file"), "kept");
    await expect(sent(site().path, join(there, dest) + (dest.endsWith("/") ? "/" : ""))).rejects.toThrow(
      message,
    );
    expect(readdirSync(there)).toEqual(["file"]);
    expect(readFileSync(join(there, "file"), "utf8")).toBe("kept");
  });

  it("of what is not there says so", async () => {
    await expect(
      receive(far(get("/tmp", "no-such-thing"), shell), "no-such-thing", temporary("back")),
    ).rejects.toThrow("there is no file or folder /tmp/no-such-thing");
  });
});

describe("an archive of the other side's that holds something else", () => {
  const evil = temporary("evil");
  mkdirSync(join(evil, "in"));
  writeFileSync(join(evil, "outside"), "evil");
  writeFileSync(join(evil, "in", "f"), "good");

  it.each([
    ["another file beside it", "tar -cf - -C in f -C .. outside", /must contain f only, and contains/],
    ["a file above", "tar -cPf - -C in f ../outside", /tar: |holds something else/],
  ])("%s: nothing of it arrives", async (_, pack, message) => {
    const back = temporary("back");
    const target = join(back, "deep");
    mkdirSync(target);
    await expect(receive(far(`cd ${evil} && ${pack}`), "f", target)).rejects.toThrow(message);
    expect([readdirSync(back), readdirSync(target)]).toEqual([["deep"], []]);
    // Control: tar that is told to trust the archive writes the file.
    execFileSync("sh", ["-c", `cd ${evil} && ${pack} | tar -xPf - -C ${target}`]);
    expect([...readdirSync(back), ...readdirSync(target)]).toContain("outside");
  });

  it("a source that is not there is refused before anything is asked", () => {
    expect(() => sourceOf(join(evil, "none"))).toThrow(Fault);
  });
});
