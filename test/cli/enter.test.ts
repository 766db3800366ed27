/** A lab whose libvirt is embedded in another checkout is reached by way of that one's network namespace, which its socket names. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { enteringOf } from "../../cli/access/enter";

const ID = "0badcafe";
const file = `/run/netns/vxlab-${ID}`;
const socket = (id: string) => `qemu+unix:///system?socket=/run/vxlab/${id}/libvirt-sock`;
let made = false;

beforeAll(() => {
  made = !existsSync("/run/netns");
  mkdirSync("/run/netns", { recursive: true });
  writeFileSync(file, "");
});

afterAll(() => {
  rmSync(file);
  if (made) rmSync("/run/netns", { recursive: true });
});

it.each([
  [socket(ID), ["ip", "netns", "exec", `vxlab-${ID}`]],
  [socket(ID).replaceAll("/run", "%2Frun"), ["ip", "netns", "exec", `vxlab-${ID}`]],
  [socket("0badbeef"), []],
  ["qemu:///system", []],
  ["qemu+ssh://root@server/system", []],
])("%s", (uri, words) => {
  expect(enteringOf(uri)).toEqual(words);
});
