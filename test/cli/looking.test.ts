/** Whoever waits for a look at the hosts gets an answer, whatever becomes of it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Look } from "../../cli/access/look";
import { answered, looking } from "../../cli/engine/repair";
import { repairsFrom } from "../../components/repair";
import { temporary } from "../lib/temporary";
import { world } from "./world";

const LOOK: Look = {
  differences: [
    { host: "kvm1", thing: "bridge vxbr", step: "lab-kvm1-bridge", found: "fail_mode is not secure" },
  ],
  machines: [],
  unknown: [],
  foreign: [],
};

describe("the file that the program waits for", () => {
  const place = () => join(temporary("look"), "drift", "one.json");
  const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
  const never = new Promise<undefined>(() => undefined);

  it("has what was found", async () => {
    const file = place();
    expect(await answered(Promise.resolve(LOOK), file, () => expect.fail())).toBe(LOOK);
    expect(read(file)).toEqual({ "lab-kvm1-bridge": "fail_mode is not secure" });
  });

  it.each([
    // Not before its test: a rejection that nobody waits for yet is an error of its own.
    ["fails", () => Promise.reject(new Error("no key")), "no key"],
    ["does not end", () => never, "no answer within 0.05 s"],
  ])("is written, and empty, when the look %s, which is said once", async (_, look, why) => {
    const [file, said]: [string, string[]] = [place(), []];
    expect(await answered(look(), file, (line) => said.push(line), 50)).toBeUndefined();
    expect(read(file)).toEqual({});
    expect(said).toEqual([why]);
  });

  it("is said not to be there when it cannot be written; nothing fails", async () => {
    const folder = temporary("look");
    writeFileSync(join(folder, "drift"), "a file, where a folder has to be");
    const said: string[] = [];
    const look = await answered(Promise.resolve(LOOK), join(folder, "drift", "one.json"), (line) =>
      said.push(line),
    );
    expect(look).toBe(LOOK);
    expect(said).toEqual([expect.stringMatching(/ENOTDIR|EEXIST/)]);
  });

  it("is waited for, but not for ever", async () => {
    const file = join(temporary("look"), "one.json");
    expect(await repairsFrom(file, 60)).toBeUndefined();
    const coming = repairsFrom(file, 10_000);
    setTimeout(() => writeFileSync(file, '{"a":"b"}'), 60);
    expect(await coming).toEqual({ a: "b" });
  });

  it("is there for a stack that is not deployed too, and gone afterwards", async () => {
    const context = world();
    let file = "";
    await looking(context, "dev", true, async (environment, look) => {
      file = environment["VXLAB_REPAIR"] ?? "";
      expect(await repairsFrom(file, 20_000)).toEqual({});
      expect(await look()).toBeUndefined();
    });
    expect(await repairsFrom(file, 0)).toBeUndefined();
  });
});
