import { describe, expect, it } from "vitest";
import { kernelLine } from "../../components/domain";

describe("a kernel line", () => {
  it.each([
    ["", []],
    ["rw quiet", [{ _: "rw quiet" }]],
    ["root=/dev/vda rw console=ttyS0", [{ console: "ttyS0", root: "/dev/vda" }, { _: "rw" }]],
    ["root=UUID=a-b  quiet", [{ root: "UUID=a-b" }, { _: "quiet" }]],
    ["console=tty0 console=ttyS0", [{ console: "tty0" }, { console: "ttyS0" }]],
  ])("%j is given as the provider reads it back", (line, entries) => {
    expect(kernelLine(line)).toEqual(entries);
  });
});
