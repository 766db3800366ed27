import { describe, expect, it, vi } from "vitest";
import type { Ask } from "../../verify/ask";
import type { Check } from "../../verify/check";
import { gather } from "../../verify/gather";
import { factsOn, judge } from "../../verify/judge";
import { buildChecks } from "../../verify/registry";
import { fabricLab } from "../cli/fixture";
import { hostsThat, said } from "./asked";
import { good } from "./evidence";

/** kvm2, on which c4's address is lent; it comes after some looks. */
function kvm2With(late: number) {
  const asked: string[] = [];
  const ask = hostsThat({
    ask(_, command) {
      const looks = asked.filter((what) => what === "probe").length;
      asked.push(command.includes("# The beginning of every probe") ? "probe" : "pings");
      const lent = { family: "inet", local: "10.0.5.100", prefixlen: 24, scope: "global" };
      const nic = { ifname: "eth0", address: "02:00:00:00:00:04", mtu: 1450, flags: ["UP"] };
      const nics = JSON.stringify([{ ...nic, addr_info: looks < late ? [] : [lent] }]);
      return said(`== container c4 RUNNING 4\n${nics}\n`);
    },
  });
  return { asked, ask };
}

describe("what is gathered", () => {
  const lab = fabricLab();
  const own = buildChecks(lab).filter((check) => check.host === "kvm2");
  const about = (kind: string) => own.filter((check) => check.kind === kind);
  const gathered = async (ask: Ask, checks: readonly Check[]) =>
    factsOn("kvm2", await gather(ask, lab, checks));

  it("waits for a lease that is on its way before anything is pinged", async () => {
    const { ask, asked } = kvm2With(2);
    const facts = await gathered(ask, about("ping"));
    expect(asked).toEqual(["probe", "probe", "probe", "pings"]);
    expect(facts?.containers.get("c4")?.nics?.get("eth0")?.addresses).toEqual(["10.0.5.100/24"]);
  });

  it("waits for none where nothing is pinged", async () => {
    const { ask, asked } = kvm2With(2);
    await gathered(ask, about("container"));
    expect(asked).toEqual(["probe"]);
  });

  it("looks once more where what was seen has been put right, before anything is sent", async () => {
    const { ask, asked } = kvm2With(0);
    const probed = vi.fn(() => Promise.resolve(true));
    await gather(ask, lab, about("ping"), { probed });
    expect(probed).toHaveBeenCalledOnce();
    expect(asked).toEqual(["probe", "probe", "pings"]);
  });

  it("waits for a bounded time", async () => {
    const { ask, asked } = kvm2With(Infinity);
    await gathered(ask, about("ping"));
    expect(asked.length).toBeLessThan(25);
    expect(asked.at(-1)).toBe("pings");
  });
});

describe("what a check needs", () => {
  const lab = fabricLab();
  const all = good(lab);

  it.each(buildChecks(lab).map((check) => [check.name, check] as const))(
    "is asked of its host: %s",
    async (_, check) => {
      const scripts: string[] = [];
      const ask = hostsThat({ ask: (_host, command) => (scripts.push(command), said("")) });
      await gather(ask, lab, [check]);
      // What a probe does not ask for is not known: the verdict must not change for it.
      const asked = scripts.join("\n");
      const { ports, bridges, kept, boxes, drift, bridge, vxlans, services, containers, trouble } =
        factsOn(check.host, all) ?? expect.unreachable();
      const known = {
        ...(asked.includes("list interface") ? { ports, bridges } : {}),
        ...(asked.includes("== vxlan") ? { bridge, vxlans } : {}),
        ...(asked.includes("== kept") ? { kept } : {}),
        ...(asked.includes("== boxes") ? { boxes } : {}),
        ...(asked.includes("== drift") ? { drift } : {}),
        services: asked.includes("== vxlan") ? services : new Map(),
        containers: asked.includes("== boxes") ? containers : new Map(),
        trouble,
      };
      const hosts = new Map([...all.hosts, [check.host, { facts: known }] as const]);
      expect(judge(check, { ...all, hosts })).toEqual(judge(check, all));
      expect(judge(check, all).ok).toBe(true);
    },
  );
});
