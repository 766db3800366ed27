/** cli/access/booted.ts: how long machines that boot are waited for. */
import { describe, expect, it } from "vitest";
import { BOOT_MS, booted } from "../../cli/access/booted";

type Said = { code: number; stdout: string };
const SILENT: Said = { code: 255, stdout: "" };
const FAULTY: Said = { code: 0, stdout: '{"of":"flows"}\n' };
const WELL: Said = { code: 0, stdout: "\n" };

/** Hosts that say this, one after the other, and the last for ever. */
function lab(hosts: Record<string, Said[]>) {
  let now = 0;
  const asked: string[] = [];
  const forgotten: string[] = [];
  const remote = {
    run(host: string) {
      asked.push(host);
      const [first = SILENT, ...rest] = hosts[host] ?? [];
      if (rest.length > 0) hosts[host] = rest;
      return Promise.resolve({ ...first, stderr: "" });
    },
    forget: (host: string) => void forgotten.push(host),
  };
  const ask = {
    now: () => now,
    pause(ms: number) {
      now += ms;
      return Promise.resolve();
    },
  };
  return {
    open: { remote, ask } as unknown as Parameters<typeof booted>[0],
    asked,
    forgotten,
    now: () => now,
  };
}

describe("machines that boot", () => {
  it("are waited for until they answer and have no drift, each with a login of its own after silence", async () => {
    const { open, asked, forgotten } = lab({ kvm1: [WELL], kvm2: [SILENT, SILENT, FAULTY, WELL] });
    await booted(open, ["kvm1", "kvm2"]);
    expect(asked.filter((host) => host === "kvm1")).toHaveLength(1);
    expect(asked.filter((host) => host === "kvm2")).toHaveLength(4);
    expect(forgotten).toEqual(["kvm2", "kvm2"]);
  });

  it.each([
    ["do not answer", SILENT],
    ["are never complete", FAULTY],
  ])("are given up after a boot's time when they %s", async (_, said) => {
    const { open, now } = lab({ kvm1: [said] });
    await booted(open, ["kvm1"]);
    expect(now()).toBeGreaterThanOrEqual(BOOT_MS);
    expect(now()).toBeLessThan(BOOT_MS + 2000);
  });
});
