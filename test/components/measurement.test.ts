/** components/measurement: what is measured, by which verb, and what its answer becomes. */
import { describe, expect, it } from "vitest";
import { readMeasurement } from "../../components/measurement/state";
import { deploy, type Registered } from "./world";

const ASKED = { from: "c1", to: "10.0.3.11", beside: "192.168.10.222" };

async function declared(more: object = {}): Promise<Registered[]> {
  const { OverlayCost } = await import("../../components");
  const host = { address: "192.168.10.156", hostKey: "ssh-ed25519 AAAA", privateKey: "none" };
  return deploy(
    () => new OverlayCost("cost", { host, hostName: "kvm1", labId: "00c0ffee", ...ASKED, ...more }),
  );
}
const stateOf = (all: Registered[]): unknown => {
  const { inputs } = all.find(({ name }) => name === "cost-step") ?? expect.unreachable();
  return (JSON.parse(String(inputs["stdin"])) as { state: unknown }).state;
};

describe("OverlayCost", { timeout: 120_000 }, () => {
  it("is a component and a step, which changes nothing and deletes nothing", async () => {
    const all = await declared();
    const { inputs } = all.find(({ name }) => name === "cost-step") ?? expect.unreachable();
    const verb = "/usr/lib/vxlab/guest measure";
    expect(inputs).toMatchObject({ create: verb, update: verb });
    expect(inputs).not.toHaveProperty("delete");
    expect(stateOf(all)).toEqual({ name: "cost", ...ASKED, again: [] });
  });

  it("runs again with another text", async () =>
    expect(stateOf(await declared({ again: ["delay 10ms"] }))).toEqual({
      ...{ name: "cost", ...ASKED },
      again: ["delay 10ms"],
    }));
});

describe("its answer", () => {
  const way = { mtu: 1450, cold: 9, warm: 2.5, rate: 10_000_000 };
  it.each([
    ["whole", { overhead: 50, overlay: way, underlay: { ...way, mtu: 1500 } }],
    ["without what was not measured", { overhead: null, overlay: { ...way, cold: null }, underlay: way }],
  ])("becomes outputs: %s", (_, answer) => {
    const { rate, cold, ...rest } = answer.overlay;
    const overlay = { ...rest, throughput: rate, ...(cold === null ? {} : { cold }) };
    const found = readMeasurement(JSON.stringify(answer));
    expect(found.overlay).toEqual(overlay);
    expect(found.overhead).toBe(answer.overhead ?? undefined);
    expect(found.underlay.mtu).toBe(answer.underlay.mtu);
  });

  it("of a mock is nothing", () => {
    for (const stdout of ["", "{}"]) expect(readMeasurement(stdout)).toEqual({ overlay: {}, underlay: {} });
  });
});
