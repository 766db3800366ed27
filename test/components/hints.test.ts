/** What works and may not be meant is a warning of the component. That every preview shows it: test/engine. */
import * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, it, vi } from "vitest";
import { sayHints } from "../../components/lab/hints";
import { labHints } from "../plan/problems";
import { reference, referenceWith } from "../plan/reference";

afterEach(() => vi.restoreAllMocks());

it("is one warning for each hint, in one line, with the value and the cure", () => {
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  const self = {} as pulumi.Resource;
  sayHints(labHints(reference()), self);
  expect(warn.mock.calls).toEqual([]);
  const old = { segments: { red: { vni: 100, subnet: "10.0.3.0/24", udpPort: 8472 } } };
  sayHints(labHints(referenceWith(old)), self);
  expect(warn.mock.calls).toEqual([
    [
      "segments.red.udpPort (8472): Is Linux's default from before RFC 7348: VTEPs on VXLAN's port 4789 do not receive " +
        "this segment. Leave it out unless a peer outside the lab needs it.",
      self,
    ],
  ]);
});

it("is one warning for many settings of one kind, and bounded for many kinds", () => {
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  const hint = (i: number, message: string) => ({ path: `segments.s${i}`, got: i, message, cure: "Do it." });
  const hints = Array.from({ length: 100 }, (_, i) => hint(i, "One."));
  sayHints(hints, {} as pulumi.Resource);
  expect(warn.mock.calls.map(([line]) => line)).toEqual([
    "segments.s0 (0), segments.s1 (1), segments.s2 (2) and 97 more: One. Do it.",
  ]);
  warn.mockClear();
  sayHints(
    hints.map(({ got }) => hint(got, `Number ${got}.`)),
    {} as pulumi.Resource,
  );
  expect(warn.mock.calls).toHaveLength(26);
  expect(warn.mock.calls.at(-1)?.[0]).toBe("… and 75 more hints.");
});
