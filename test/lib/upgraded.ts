/** Hosts and state as an earlier version left them, from its recording, and the first `up` of this version. */
import { describe, expect, it } from "vitest";
import { existing, SERVERS, type Logins, type ServerName } from "../upgrade/labs";
import { onServer } from "../upgrade/office";
import { readRecording, restored } from "../upgrade/recording";
import { VERSIONS } from "../upgrade/versions";
import { countPings, type PingCount } from "./capture";
import { change } from "./changes";
import { processOf } from "./guests";
import { good, type Project } from "./project";
import { within } from "./wait";
import { writeState, type WrittenResource } from "./written-state";

/** Two hosts at the addresses of `SERVERS`, on which no lab is. */
interface Hosts {
  project: () => Project;
  logins: () => Logins;
}

const STACK = "existing";
/** By segment, from a container on `a` to one on `b`. */
const PAIRS = { red: ["c1", "10.0.3.11"], blue: ["d1", "10.0.4.11"], green: ["d1", "10.0.5.11"] } as const;
const inside = (container: string) => `nsenter -n -t ${processOf(container)}`;

export function upgraded(version: string, { project, logins }: Hosts): void {
  const tell = async (name: ServerName, script: string, input?: string) =>
    good(await onServer(project(), logins(), name, script, input));
  /** The first process of each container. */
  const processes = async () => {
    const look = "cd /var/lib/vxlab/containers && for c in *; do echo $c $(lxc-info -P $PWD -n $c -pH); done";
    return (await tell("a", look)) + (await tell("b", look));
  };

  /** Runs the recorded steps, as that version's engine did. */
  async function leave(): Promise<void> {
    const place = { project: project(), image: NO_IMAGE, logins: logins() };
    const resources = restored(readRecording(version), STACK, place);
    project().configure(existing(logins()), STACK);
    await writeState(project(), STACK, resources);
    await Promise.all(
      (["a", "b"] as const).map(async (name) => {
        for (const { create, stdin } of stepsOn(SERVERS[name], resources)) await tell(name, create, stdin);
      }),
    );
    for (const [container, to] of Object.values(PAIRS))
      await within(60, `a ping to ${to}`, async () => {
        const ping = `${inside(container)} ping -n -c 3 -i 0.2 -w 3 ${to}`;
        return (await onServer(project(), logins(), "a", ping)).stdout.includes(" 3 received");
      });
  }

  /** Pings in each segment while `during` runs. */
  async function pinged(during: () => Promise<void>): Promise<[segment: string, count: PingCount][]> {
    const each = (script: (segment: string, container: string, to: string) => string) =>
      Object.entries(PAIRS)
        .map(([segment, [container, to]]) => script(segment, container, to))
        .join("\n");
    const file = (segment: string) => `/run/upgrade-${segment}`;
    await tell(
      "a",
      each(
        (segment, container, to) =>
          `${inside(container)} ping -n -i 0.2 -w 900 ${to} >${file(segment)} 2>&1 </dev/null & echo $! >${file(segment)}.pid`,
      ),
    );
    await during();
    await tell("a", `${each((segment) => `kill -INT $(cat ${file(segment)}.pid)`)}\nsleep 1`);
    const counts: [string, PingCount][] = [];
    for (const segment of Object.keys(PAIRS))
      counts.push([segment, countPings(await tell("a", `cat ${file(segment)}; rm ${file(segment)}*`))]);
    return counts;
  }

  describe(`a lab that ${version} left on two hosts`, () => {
    it("is updated in place by the first up: no container restarts, and no ping is lost that CHANGELOG.md does not name", async () => {
      await leave();
      const before = await processes();
      expect(before.match(/^[cd][12] \d+$/gm)).toHaveLength(4);
      const counts = await pinged(async () => {
        const { code, steps, stderr } = await change(project(), ["up", "--stack", STACK], { timeout: 600 });
        expect([code, stderr]).toEqual([0, expect.anything()]);
        // The engine's own provider reads other stacks.
        expect(steps.filter((step) => !/^(update .*|create default)$/.test(step))).toEqual([]);
      });
      expect(await processes()).toBe(before);
      for (const [segment, { lost, sent }] of counts) {
        expect(sent, segment).toBeGreaterThan(10);
        expect(lost.length, segment).toBeLessThanOrEqual(VERSIONS[version]?.mayLose ?? 0);
      }
    });

    it("is as planned then: no changes, no drift, every check green", async () => {
      expect((await change(project(), ["preview", "--stack", STACK])).steps).toEqual([]);
      // Its last line counts what a look at the hosts adds.
      expect(good(await project().vxlab(["preview", "-s", STACK]))).toMatch(/^no changes, \d+ unchanged$/m);
      expect(good(await project().vxlab(["drift", "-s", STACK]))).toContain("no drift on 2 hosts");
      expect(good(await project().vxlab(["verify", "-s", STACK], { timeout: 180 }))).toContain(" 0 failed");
    });

    it("goes", async () => {
      good(await project().vxlab(["down", "-s", STACK], { timeout: 300 }));
    });
  });
}

/** Existing hosts boot no image of ours. */
const NO_IMAGE = "/nonexistent/golden-0123456789ab/root.qcow2";

interface Step {
  create: string;
  stdin: string;
}

/** The steps of the host at an address, in the order of the state, in which each comes after what it depends on. */
function stepsOn(address: string, resources: readonly WrittenResource[]): Step[] {
  return resources.flatMap(({ type, inputs }) => {
    if (type !== "command:remote:Command") return [];
    const { connection, ...step } = inputs as Step & { connection: { plaintext: string } };
    const { host } = JSON.parse(connection.plaintext) as { host: string };
    return host === address ? [step] : [];
  });
}
