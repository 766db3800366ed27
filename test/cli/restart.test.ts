/** `vxlab restart`: what it runs on the host, in which order, and what it says. */
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { OpenLab } from "../../cli/access/lab";
import { commands } from "../../cli/commands";
import { restartNamed } from "../../cli/commands/restart";
import { Exit } from "../../cli/exit";
import { main } from "../../cli/main";
import type { Step } from "../../cli/state/steps";
import type { Result } from "../../system/process";
import type { Answer } from "../../verify/ask";
import { fabricLab } from "./fixture";
import { world } from "./world";

const STEP = "/usr/lib/vxlab/guest apply container";
const LXC_STOP = "lxc-stop -P /var/lib/vxlab/containers -n c2 -t 3";
const SILENT: Result = { code: 255, stdout: "", stderr: "does not answer: no route" };
const done = (stdout = ""): Result => ({ code: 0, stdout, stderr: "" });

const stepOf = (host: string, key: string): Step => ({
  ...{ name: `cafe0001-lab-${host}-${key}`, host, kind: "container", key },
  ...{ command: STEP, stdin: `state of ${key}` },
});

interface Site {
  open: OpenLab;
  /** What was run, and on which host. */
  ran: string[];
}

/**
 * A lab whose hosts answer by `reply`; time passes only while something waits.
 * @param steps of containers that the state has
 */
function site(
  reply: (line: string, run: number) => Result,
  steps = [stepOf("kvm2", "c2"), stepOf("kvm1", "d1"), stepOf("server", "s1")],
): Site {
  const ran: string[] = [];
  let clock = 0;
  const answer = (host: string, line: string) => {
    ran.push(`${host}: ${line}`);
    clock += 1000;
    return reply(line, ran.length);
  };
  const remote = {
    run: (host: string, line: string) => Promise.resolve(answer(host, line)),
    forget: (host: string) => void ran.push(`${host}: new login`),
  } as unknown as OpenLab["remote"];
  const ask = (host: string, line: string, { stdin = "" }): Promise<Answer> => {
    const { code, stdout, stderr } = answer(host, `${line} < ${stdin}`);
    return Promise.resolve(code === 255 ? { silent: stderr } : { code, stdout, stderr });
  };
  const pause = (ms: number) => Promise.resolve(void (clock += ms));
  const asks = { ask, cores: 2, now: () => clock, pause } as unknown as OpenLab["ask"];
  return {
    open: {
      ...{ lab: fabricLab(), stack: "dev", mode: "embedded", remote, ask: asks },
      steps: () => Promise.resolve(steps),
    },
    ran,
  };
}

describe("restart of a container", () => {
  it.each([
    ["LXC", "c2", "kvm2", LXC_STOP],
    ["Docker", "d1", "kvm1", "docker stop -t 3 vxlab-d1"],
    ["one on an existing host", "s1", "server", LXC_STOP.replace("c2", "s1")],
  ])("%s: stops it, then runs its step as the state has it", async (_, name, host, stop) => {
    const [here, { open, ran }] = [world(), site(() => done())];
    expect(await restartNamed(here, open, name)).toBe(Exit.ok);
    expect(ran).toEqual([`${host}: ${stop}`, `${host}: ${STEP} < state of ${name}`]);
    expect(here.stderr()).toBe(`${host}: container ${name} applied again (restarted)\n`);
  });

  it("starts one that is stopped", async () => {
    const stopped: Result = { code: 2, stdout: "", stderr: "c2 is not running" };
    const { open, ran } = site((line) => (line === LXC_STOP ? stopped : done()));
    expect(await restartNamed(world(), open, "c2")).toBe(Exit.ok);
    expect(ran).toHaveLength(2);
  });

  it("claims nothing of one that does not stop", async () => {
    const { open, ran } = site(() => ({ code: 124, stdout: "", stderr: "no answer within 60 s" }));
    await expect(restartNamed(world(), open, "c2")).rejects.toThrow(
      "c2 is still running 60 s after its stop: restart its host, vxlab restart kvm2",
    );
    expect(ran).toHaveLength(1);
  });

  it("says why one does not start", async () => {
    const broken: Result = {
      code: 1,
      stdout: "",
      stderr: "some lines\ncontainer c2 does not start: no root\n",
    };
    const [here, { open }] = [world(), site((line) => (line === LXC_STOP ? done() : broken))];
    expect(await restartNamed(here, open, "c2")).toBe(Exit.failed);
    expect(here.stderr()).toBe(
      "kvm2: container c2 cannot be applied again: container c2 does not start: no root\n",
    );
  });

  it("names the host that does not answer", async () => {
    const { open, ran } = site(() => SILENT);
    const restarted = restartNamed(world(), open, "c2");
    await expect(restarted).rejects.toMatchObject({
      code: Exit.failed,
      message: "kvm2 does not answer: no route",
    });
    expect(ran).toHaveLength(1);
  });

  it("stops nothing that the state cannot start again", async () => {
    const { open, ran } = site(() => done(), [stepOf("kvm1", "c1")]);
    const restarted = restartNamed(world(), open, "c2");
    await expect(restarted).rejects.toMatchObject({ code: Exit.missing });
    await expect(restarted).rejects.toThrow("the state of stack dev has no container c2: run up");
    expect(ran).toEqual([]);
  });
});

const BOOT_ID = "cat /proc/sys/kernel/random/boot_id";
const DRIFT = "/usr/lib/vxlab/guest drift";

describe("restart of a machine", () => {
  it("reboots it, and returns when it is another boot without drift", async () => {
    const boots = ["one", "one", undefined, "two"];
    const drifts = ['{"kind":"container"}\n', ""];
    const [here, { open, ran }] = [
      world(),
      site((line) => {
        if (line === DRIFT) return done(drifts.shift());
        if (line !== BOOT_ID) return SILENT; // the connection ends with the machine
        const id = boots.shift();
        return id === undefined ? SILENT : done(`${id}\n`);
      }),
    ];
    expect(await restartNamed(here, open, "kvm1")).toBe(Exit.ok);
    const asked = ["kvm1: new login", `kvm1: ${BOOT_ID}`];
    expect(ran).toEqual([
      ...[`kvm1: ${BOOT_ID}`, "kvm1: sync; reboot"],
      ...[...asked, ...asked, ...asked],
      ...[`kvm1: ${DRIFT}`, `kvm1: ${DRIFT}`],
    ]);
    expect(here.stderr()).toMatch(/^restarting kvm1 …\nrestarting kvm1: \d+\.\d s\n$/);
  });

  it.each([
    ["is not reachable again", (line: string, run: number) => (run > 2 ? SILENT : done(`${line} one`))],
    ["did not reboot", (line: string) => done(line === BOOT_ID ? "one" : "")],
    ["has drift", (line: string, run: number) => done(line === DRIFT ? "{}" : String(run))],
  ])("fails in time when it %s", async (_, reply) => {
    const [here, { open, ran }] = [world(), site(reply)];
    const restarted = restartNamed(here, open, "kvm1");
    await expect(restarted).rejects.toMatchObject({ code: Exit.failed });
    await expect(restarted).rejects.toThrow(
      "kvm1 has not booted completely within 300 s: run vxlab status to see what is missing, or up to apply it",
    );
    expect(ran.length).toBeGreaterThan(100);
    expect(here.stderr()).toMatch(/restarting kvm1: failed after \d+\.\d s\n$/);
  });

  it("leaves an existing host alone", async () => {
    const { open, ran } = site(() => done());
    const restarted = restartNamed(world(), open, "server");
    await expect(restarted).rejects.toMatchObject({ code: Exit.usage });
    await expect(restarted).rejects.toThrow(
      "server is an existing host, which vxlab does not restart: run vxlab ssh server -- reboot",
    );
    expect(ran).toEqual([]);
  });
});

describe("restart of a machine that does not answer", () => {
  const path = process.env["PATH"];
  afterEach(() => (process.env["PATH"] = path));

  /** A checkout whose hypervisor is virsh of these lines. */
  function hypervisor(...lines: string[]) {
    const here = world({ VXLAB_LIBVIRT_URI: "test:///default" });
    const log = join(here.paths.root, "virsh.log");
    here.write("bin/virsh", ["#!/bin/sh", `echo "$*" >>${log}`, ...lines, ""].join("\n"));
    process.env["PATH"] = `${join(here.paths.root, "bin")}${delimiter}${path}`;
    return { here, asked: () => (existsSync(log) ? readFileSync(log, "utf8") : "") };
  }

  it("resets it at its hypervisor", async () => {
    const { here, asked } = hypervisor();
    const { open } = site((line, run) => (run < 5 ? SILENT : done(line === DRIFT ? "" : "two")));
    expect(await restartNamed(here, open, "kvm1")).toBe(Exit.ok);
    expect(asked()).toBe("-q -c test:///default reset vxlab-cafe0001-kvm1\n");
  });

  it("says why it cannot be reset, as when it is shut off", async () => {
    const { here } = hypervisor(
      'echo "error: Requested operation is not valid: domain is not running" >&2',
      "exit 1",
    );
    const { open, ran } = site(() => SILENT);
    const restarted = restartNamed(here, open, "kvm1");
    await expect(restarted).rejects.toMatchObject({ code: Exit.failed });
    await expect(restarted).rejects.toThrow(
      /^vxlab-cafe0001-kvm1 does not answer and cannot be reset \(.*domain is not running\): run up, which starts it$/,
    );
    expect(ran).toHaveLength(2);
  });

  it("resets none that obeys", async () => {
    const { here, asked } = hypervisor();
    const boots = ["one", "two"];
    const { open } = site((line) => done(line === BOOT_ID ? boots.shift() : ""));
    expect(await restartNamed(here, open, "kvm1")).toBe(Exit.ok);
    expect(asked()).toBe("");
  });
});

describe("restart", () => {
  it("of an unknown name lists the names that there are", async () => {
    const { open, ran } = site(() => done());
    const restarted = restartNamed(world(), open, "c9");
    await expect(restarted).rejects.toMatchObject({ code: Exit.usage });
    await expect(restarted).rejects.toThrow(
      'the lab has no host or container "c9": it has kvm1, kvm2, server, c1, c2, c3, c4, d1, s1',
    );
    expect(ran).toEqual([]);
  });

  it.each([
    [[], "a name is missing"],
    [["c1", "c2"], "unexpected: c2"],
    [["c1", "--", "now"], "unexpected: now"],
  ])("%j is refused with the usage", async (words, said) => {
    const here = world({}, commands);
    expect(await main(["restart", ...words], here)).toBe(Exit.usage);
    expect(here.stderr()).toContain(said);
    expect(here.stderr()).toContain("usage: vxlab restart HOST|CONTAINER");
  });
});
