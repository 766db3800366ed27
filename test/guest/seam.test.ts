/**
 * From a topology to the calls on its hosts: planned, declared and applied, on a fake host, word by word. `vitest -u` writes the files
 * anew; read the difference before you commit it.
 */
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { THINGS, type StepKind } from "../../guest/things";
import { reference } from "../plan/reference";
import { FakeHost } from "./fake-host";
import { fabric, sentBy, type Sent } from "./labs";

const ORDER = Object.keys(THINGS) as StepKind[];

let sockets: Server[];
beforeEach(() => {
  sockets = [];
});
afterEach(() => Promise.all(sockets.map((socket) => new Promise((closed) => socket.close(closed)))));

/** A host on which everything goes well. */
async function hostOf(vtep: string, steps: readonly Sent[]): Promise<FakeHost> {
  const host = new FakeHost();
  host.shows("addresses", `2: eth0    inet ${vtep}/24 scope global eth0\n`);
  host.shows("owner", "vxbr vxlab=00c0ffee\n");
  host.shows("sys/net/ipv4/igmp_max_memberships", "20\n");
  host.shows("images/vxlab_busybox", "sha256:aa\n");
  host.shows("own", '{"entry":["/bin/app"],"cmd":null}\n');
  for (const device of ["vxbr", "gw-blue", "eth0"]) {
    host.shows(`net/${device}/address`, "\n");
    host.shows(`sys/net/ipv4/conf/${device}/forwarding`, "0\n");
    host.shows(`sys/net/ipv4/conf/${device}/arp_ignore`, "0\n");
  }
  for (const { id } of steps.filter(({ kind }) => kind === "container"))
    host.shows(`state/containers/${id.replace("lab-", "")}/rootfs/etc/hostname`, "");
  const socket = createServer();
  sockets.push(socket);
  await new Promise<void>((listening) => socket.listen(host.path("docker.sock"), listening));
  return host;
}

async function callsOf(steps: readonly Sent[], vtep: string): Promise<string> {
  const own = steps.filter(({ host }) => host === vtep);
  const host = await hostOf(vtep, own);
  // Seems to be dnsmasq.
  const folder = "services/00c0ffee-lab-kvm1-blue-service";
  const server = spawn("sh", ["-c", "sleep 20; :", `x/${folder}/dnsmasq.conf `, ""], { stdio: "ignore" });
  host.shows("loop.sh", `echo ${server.pid} >"$FAKE/state/${folder}/dnsmasq.pid"\n`);
  const texts = ORDER.flatMap((kind) =>
    own
      .filter((step) => step.kind === kind)
      .map(({ id, lines }) => {
        const { code, stderr } = host.guest(["apply", kind], lines);
        expect([id, code, stderr.replace(/^vxlab: what gw-blue forwards.*\n/, "")]).toEqual([id, 0, ""]);
        const calls = host.everything().map((call) => `  ${call.join(" ").replaceAll(host.folder, "")}\n`);
        return `${vtep} ${kind} ${id}\n${calls.join("")}`;
      }),
  );
  server.kill();
  return texts.join("");
}

describe("the calls on the hosts of", () => {
  it.each([
    ["reference", reference()],
    ["fabric", fabric()],
  ])(
    "%s",
    async (name, topology) => {
      const steps = await sentBy(topology);
      const vteps = Object.values(topology.hosts).map(({ address }) => String(address));
      const texts: string[] = [];
      for (const vtep of vteps) texts.push(await callsOf(steps, vtep));
      await expect(texts.join("")).toMatchFileSnapshot(join(__dirname, "golden", `${name}.txt`));
      // Thousands of programs: five seconds alone, over thirty on a busy computer.
    },
    180_000,
  );
});
