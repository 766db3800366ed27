/** A host that joins an overlay which stands as a written state, through the real engine: what a preview then changes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planOverlay } from "../../plan/peers";
import { VTEPS_SCHEMA } from "../../plan/vteps";
import { PATIENT, standOverlay } from "../engine/golden/overlay";
import { change } from "./changes";
import { good, Project } from "./project";
import { secret, writeOutputs } from "./written-state";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";
const LOGIN = "-----BEGIN OPENSSH PRIVATE KEY-----\nnever shown\n-----END OPENSSH PRIVATE KEY-----\n";
/** Every host is reached by it, so that one connection is known for all steps. */
const REACHED = { address: "192.168.9.1", hostKey: KEY, privateKey: LOGIN };

function underlay(count: number) {
  const names = Array.from({ length: count }, (_, i) => [`h${i + 1}`, `192.168.10.${i + 11}`] as const);
  const ssh = { address: REACHED.address, port: 22, user: "root" };
  const hosts = Object.fromEntries(
    names.map(([name, address]) => [name, { address, mtu: 1500, hostKey: KEY, machine: `${name}-1`, ssh }]),
  );
  const vteps = { schema: VTEPS_SCHEMA, hosts, networks: ["192.168.10.0/24"] };
  return { vteps, login: secret(Object.fromEntries(names.map(([name]) => [name, LOGIN]))) };
}

const sections = (flooding: string) => ({
  hosts: {},
  segments: { red: { vni: 100, subnet: "10.0.0.0/16", flooding } },
  containers: { c1: { host: "h1" }, c2: { host: "h2" } },
});

/** One more host on `count` others, with EVPN and, as the control, by unicast. @param name of the test's project */
export function describeJoining(name: string, count: number): void {
  let project: Project;
  beforeAll(async () => {
    project = await Project.create(name);
    // Sets the toolchain up out of the shared cache.
    good(await project.vxlab(["preview"]));
  });
  afterAll(() => project?.destroy());

  describe(`one host more than ${count}`, () => {
    const own = `-h${count + 1}-`;

    it("changes no resource of another with EVPN", async () => {
      const { created, others } = await joining(project, count, "evpn");
      expect(others).toEqual([]);
      expect(created).toContain(`create overlay${own}evpn-step`);
      expect(created.filter((step) => !step.includes(own))).toEqual([]);
    });

    it("changes the port of each by unicast: the control", async () => {
      const { others } = await joining(project, count, "unicast");
      const ports = Array.from({ length: count }, (_, i) => `overlay-h${i + 1}-red`);
      expect(others).toEqual(ports.flatMap((port) => [`update ${port}`, `update ${port}-step`]).sort());
    });
  });
}

/** What one more host changes in an overlay on `count` of them that stands. */
async function joining(
  project: Project,
  count: number,
  flooding: string,
): Promise<{ created: string[]; others: string[] }> {
  const stack = `overlay-${flooding}-${count}`;
  const own = `underlay-${flooding}-${count}`;
  good(await project.pulumi(["stack", "init", stack, "--no-select"]));
  project.configure({ role: "overlay", underlayStack: own, peers: [], ...sections(flooding) }, stack);
  await writeOutputs(project, own, underlay(count));
  const plan = planOverlay({
    own: { stack: own, vteps: underlay(count).vteps },
    peers: [],
    ...{ identity: `vxlab/${stack}`, sections: sections(flooding) },
  });
  await standOverlay(project, stack, REACHED, plan);
  await writeOutputs(project, own, underlay(count + 1));
  const told = await change(project, ["preview", "--stack", stack], PATIENT);
  expect(told.code, told.stderr).toBe(0);
  // The component `overlay` shows its settings; other stacks are read by a provider of the engine's own.
  const steps = told.steps.filter((step) => !/^(read |create default$|update overlay$)/.test(step));
  const created = steps.filter((step) => step.startsWith("create "));
  return { created, others: steps.filter((step) => !created.includes(step)) };
}
