/** Folders that belong to root, as another user finds them. Root may write everywhere, so what it may not is made here. */
import * as fs from "node:fs";
import { join } from "node:path";
import { userInfo } from "node:os";
import { afterEach, expect, it, vi } from "vitest";
import { Missing } from "../../system/reporter";
import { settingUp } from "../../toolchain/setup/set-up";
import { world } from "../cli/world";

const closed = vi.hoisted(() => new Set<unknown>());

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const accessSync = (...args: Parameters<typeof real.accessSync>) => {
    if (closed.has(args[0])) throw Object.assign(new Error("permission denied"), { code: "EACCES" });
    real.accessSync(...args);
  };
  return { ...real, accessSync };
});

afterEach(() => closed.clear());

/** The message of a set-up that is refused; nothing is made by it. */
async function refusal(cache: string): Promise<string> {
  const { paths, out } = world();
  const error = await settingUp({ ...paths, cache }, out, () =>
    Promise.reject(new Error("is not run")),
  ).catch((one: unknown) => one);
  expect(error).toBeInstanceOf(Missing);
  return (error as Missing).message;
}

const whose = (folder: string): string => {
  const { uid } = fs.statSync(folder);
  return `${folder} belongs to ${uid === 0 ? "root" : `user ${uid}`}, you are ${userInfo().username}.`;
};

it("a cache of another user is named, with whose it is and the cure", async () => {
  const { cache } = world().paths;
  fs.mkdirSync(cache, { recursive: true });
  closed.add(cache);
  expect(await refusal(cache)).toBe(
    `${cache} cannot be written (EACCES): ${whose(cache)}\n` +
      `Run: sudo chown -R $USER ${cache}\nor keep it elsewhere: VXLAB_CACHE=FOLDER`,
  );
  expect(fs.readdirSync(cache)).toEqual([]);
});

it("one that cannot be made is not taken for the folder above it, which stays whose it is", async () => {
  const { cache, root } = world().paths;
  closed.add(root);
  expect(await refusal(cache)).toBe(
    `${cache} cannot be written (EACCES): ${whose(root)}\n` +
      `Run: sudo mkdir -p ${cache} && sudo chown -R $USER ${cache}\nor keep it elsewhere: VXLAB_CACHE=FOLDER`,
  );
  expect(fs.existsSync(join(root, ".cache"))).toBe(false);
});

it("a cache of one's own is made", async () => {
  const { paths, out } = world();
  expect(await settingUp(paths, out, () => Promise.resolve("done"))).toBe("done");
});
