/** A lab on two hypervisors with underlays of IPv6, what test/lab/hypervisors.test.ts leaves out: unicast in both families, and its cost. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { Servers } from "../lib/servers";
import { configureServers, expectOverIpv6, routed, V6, WHITE, WHITE_ENDS } from "../lib/servers-lab";
import { labOf } from "../lib/state";

let servers: Servers;
let project: Project;

beforeAll(async () => {
  servers = await Servers.create("servers-long");
  await routed(servers);
  project = await Project.create("hypervisors-long", servers.enter);
});

afterAll(async () => {
  await project?.destroy();
  await servers?.close();
});

it("passes every check, red by unicast", async () => {
  const more = { segments: WHITE, containers: WHITE_ENDS };
  configureServers(project, servers, servers.farUri(), { underlays: V6, ...more });
  const up = await project.vxlab(["up"], { timeout: 900 });
  expect(good(up)).toMatch(/^\d+ checks passed, 0 failed$/m);
  expectOverIpv6(up.stdout);
});

it("is measured: what an overlay of IPv6 alone costs", async () => {
  const { stdout } = await project.vxlab(["measure", "w1", "w2", "--json"], { timeout: 300 });
  const { overlay, overhead } = JSON.parse(stdout) as { overlay: { mtu: number }; overhead: number };
  expect([overlay.mtu, overhead]).toEqual([1430, 70]);
});

it("leaves nothing", async () => {
  const { id } = await labOf(project);
  good(await project.vxlab(["down"], { timeout: 300 }));
  expect(remains(project, [id])).toEqual([]);
});
