// The contract of @pulumi/random 4.18.2.
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Provider } from "./driver";
import { cases, diffs, imports, refused, secretOutputs, urn } from "./random-cases";
import type { Json, Props } from "./driver";
import { targets } from "./targets";
import { isSecret, normal, unknown } from "./values";

const unwrapped = (v: Json | undefined): Json => (isSecret(v) ? (v as { value: Json }).value : (v ?? null));

describe.each(targets("pulumi-resource-random"))("random, $label", ({ label, path }) => {
  let p: Provider;
  beforeAll(async () => {
    p = await Provider.start(await path());
  }, 60_000);
  afterAll(() => p.stop());

  it("says its version, and takes no secrets: the engine puts the marks back", async () => {
    expect(await p.version()).toBe("4.18.2");
    expect((await p.configure()).getAcceptsecrets()).toBe(false);
  });

  it.each(cases)(
    "$type, $name: check, preview, create, read, diff, update, delete",
    async ({ type, inputs, known, outputs, id }) => {
      expect(await p.check(urn(type), inputs)).toEqual({ inputs, failures: [] });
      const preview = await p.create(urn(type), inputs, { preview: true });
      const unknowns = Object.fromEntries(
        [...Object.keys(outputs), ...(type === "RandomInteger" ? ["result"] : [])].map((o) => [o, "?"]),
      );
      expect(preview.id).toBe("");
      expect(normal(preview.state)).toEqual({ ...known, ...unknowns });

      const made = await p.create(urn(type), inputs);
      expect(made.id).toMatch(id);
      expect(made.state).toMatchObject(known);
      for (const [name, wanted] of Object.entries(outputs)) {
        const value = unwrapped(made.state[name]);
        if (typeof wanted === "number") expect(value).toBe(wanted);
        else expect(value).toMatch(wanted);
        expect(isSecret(made.state[name])).toBe(secretOutputs[type]?.includes(name) ?? false);
      }
      const read = await p.read(urn(type), made.id, made.state, inputs);
      expect([read.id, read.state]).toEqual([made.id, made.state]);
      expect((await p.diff(urn(type), made.state, inputs, inputs)).changes).toBe(1);
      expect(await p.update(urn(type), made.state, inputs, inputs)).toEqual(made.state);
      await p.delete(urn(type), made.state, inputs);
    },
  );

  it.each(["a", "hello", "pässwörd ".repeat(12)])(
    "the bcrypt hash of %j verifies with crypt(3)",
    async (password) => {
      const { state } = await p.read(urn("RandomPassword"), password, {}, {});
      const hash = unwrapped(state.bcryptHash) as string;
      expect(hash).toMatch(/^\$2a\$10\$/);
      expect(
        execFileSync("perl", ["-e", "print crypt($ARGV[0], $ARGV[1])", password, hash], { encoding: "utf8" }),
      ).toBe(hash);
    },
  );

  it("base64 and hex are the same bytes; decimal too", async () => {
    const bytes = (await p.create(urn("RandomBytes"), { length: 40 })).state;
    expect(Buffer.from(unwrapped(bytes.base64) as string, "base64").toString("hex")).toBe(
      unwrapped(bytes.hex),
    );
    const id = (await p.create(urn("RandomId"), { byteLength: 9 })).state;
    expect(BigInt(`0x${id.hex as string}`).toString()).toBe(id.dec);
  });

  it("no two are alike", async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, () => p.create(urn("RandomBytes"), { length: 8 })),
    );
    expect(new Set(made.map((m) => m.id)).size).toBe(20);
  });

  it.each(refused)("check: %s %j is refused", async (type, inputs, failure) => {
    const { failures } = await p.check(urn(type), inputs);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatch(failure);
  });

  it("unknown inputs are no problem in a preview", async () => {
    expect((await p.check(urn("RandomBytes"), { length: unknown })).failures).toEqual([]);
    const { state } = await p.create(urn("RandomBytes"), { length: unknown }, { preview: true });
    expect(normal(state)).toEqual({ base64: "?", hex: "?", length: "?" });
  });

  it("an integer of an empty range is refused when it is made", async () => {
    await expect(p.create(urn("RandomInteger"), { min: 3, max: 1 })).rejects.toThrow(
      "Create Random Integer Error: The minimum (minVal) value needs to be smaller than or equal to maximum (maxVal) value.",
    );
  });

  it.each(diffs)("diff of $type: $name", async ({ type, inputs, news, ignore = [], replaces }) => {
    const { state } = await p.create(urn(type), inputs);
    const got = await p.diff(urn(type), state, inputs, news, ignore);
    expect(got.changes).toBe(replaces ? 2 : 1);
    expect(got.replacesList).toEqual(replaces ?? []);
    expect(got).toMatchObject({ hasdetaileddiff: false, deletebeforereplace: false });
  });

  it.each(imports)("import of $type", async ({ type, id, inputs, state }) => {
    const got = await p.read(urn(type), id, {}, {});
    expect(got.inputs).toEqual(inputs);
    expect(got.state).toMatchObject(state);
  });

  const other = targets("pulumi-resource-random").find((t) => t.label !== label);
  it.runIf(other !== undefined)(
    "a state of one is no change to the other",
    async () => {
      const second = await Provider.start(await (other as NonNullable<typeof other>).path());
      try {
        for (const { type, inputs } of cases) {
          const made = await p.create(urn(type), inputs);
          expect((await second.diff(urn(type), made.state, inputs, inputs)).changes).toBe(1);
          expect((await second.read(urn(type), made.id, made.state, inputs)).state).toMatchObject(made.state);
        }
      } finally {
        await second.stop();
      }
    },
    60_000,
  );

  const left: [string, Props][] = [
    ["RandomPet", {}],
    ["RandomShuffle", { inputs: ["a"] }],
  ];
  it.runIf(label === "stand-in").each(left)(
    "unlike the vendor's: %s is refused, with the cure",
    async (type, inputs) => {
      await expect(p.check(urn(type), inputs)).rejects.toThrow(
        /not part of vxlab's stand-in.*pulumi plugin install resource random/,
      );
    },
  );

  it.runIf(label === "stand-in")(
    "unlike the vendor's: a seed (of Go's own generator) is refused, with the cure",
    async () => {
      await expect(p.create(urn("RandomInteger"), { min: 0, max: 9, seed: "a" })).rejects.toThrow(
        /seed.*not part of vxlab's/,
      );
    },
  );

  it("a resource that there is not", async () => {
    await expect(p.check(urn("RandomNope"), {})).rejects.toThrow(
      "unknown resource token: random:index/randomNope:RandomNope",
    );
  });
});
