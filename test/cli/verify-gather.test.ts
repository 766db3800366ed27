import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Remote } from "../../cli/lib/remote";
import { buildChecks } from "../../cli/verify/checks";
import { gather } from "../../cli/verify/gather";
import { fabricLab } from "./fixture";

/** A connection to kvm2, on which c4's address is lent; it comes after some looks. */
function remoteWith(late: number) {
  const asked: string[] = [];
  const run = (_host: string, line: string) => {
    const looks = asked.filter((what) => what === "probe").length;
    asked.push(line.includes("# probe.sh") ? "probe" : "pings");
    const lent = { family: "inet", local: "10.0.5.100", prefixlen: 24, scope: "global" };
    const nic = { ifname: "eth0", address: "02:00:00:00:00:04", mtu: 1450, flags: ["UP"] };
    const nics = JSON.stringify([{ ...nic, addr_info: looks < late ? [] : [lent] }]);
    return Promise.resolve({ code: 0, stdout: `== container c4 RUNNING 4\n${nics}\n`, stderr: "" });
  };
  const remote = { connect: () => Promise.resolve(undefined), run };
  return { asked, remote: remote as unknown as Remote };
}

describe("what is gathered", () => {
  const lab = fabricLab();
  const own = buildChecks(lab).filter((check) => check.host === "kvm2");
  const gathered = async (remote: Remote, kind: "ping" | "container") => {
    const found = gather(
      remote,
      lab,
      own.filter((check) => check.kind === kind),
    );
    await vi.advanceTimersByTimeAsync(60_000);
    return (await found).hosts.get("kvm2");
  };

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("waits for a lease that is on its way before anything is pinged", async () => {
    const { remote, asked } = remoteWith(2);
    const found = await gathered(remote, "ping");
    expect(asked).toEqual(["probe", "probe", "probe", "pings"]);
    const facts = found !== undefined && "facts" in found ? found.facts : undefined;
    expect(facts?.containers.get("c4")?.nics?.get("eth0")?.addresses).toEqual(["10.0.5.100/24"]);
  });

  it("waits for none where nothing is pinged", async () => {
    const { remote, asked } = remoteWith(2);
    await gathered(remote, "container");
    expect(asked).toEqual(["probe"]);
  });

  it("looks once more where what was seen has been put right, before anything is sent", async () => {
    const { remote, asked } = remoteWith(0);
    const mine = own.filter((check) => check.kind === "ping");
    const probed = vi.fn(() => Promise.resolve(true));
    const found = gather(remote, lab, mine, { probed });
    await vi.advanceTimersByTimeAsync(60_000);
    await found;
    expect(probed).toHaveBeenCalledOnce();
    expect(asked).toEqual(["probe", "probe", "pings"]);
  });

  it("waits for a bounded time", async () => {
    const { remote, asked } = remoteWith(Infinity);
    await gathered(remote, "ping");
    expect(asked.length).toBeLessThan(25);
    expect(asked.at(-1)).toBe("pings");
  });
});
