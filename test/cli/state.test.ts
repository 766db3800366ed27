import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { alone } from "../../cli/engine/alone";
import { loadLab } from "../../cli/access/lab";
import { clearDeadLocks, forgetPending, isDead, readLocks } from "../../cli/engine/interrupted";
import { knownLabs, labIds, noteLabs, ownBackend, selectStack } from "../../cli/state/stack";
import { ownerOf, tryLock, unlock, withLock } from "../../system/lockfile";
import { pathsOf } from "../../system/paths";
import { world, type World } from "./world";
import { temporary } from "../lib/temporary";

/** Certainly nobody's: Linux gives out no pid above this (proc(5), pid_max). */
const deadPid = 2 ** 22 + 1;

const lockFile = ".vxlab/state/.pulumi/locks/organization/fake/lab/one.json";
const lock = (pid: number, host = hostname()) => ({ pid, hostname: host, timestamp: "2026-01-01T00:00:00Z" });

/** A wrapper that notes how it was called. */
function fakePulumi(here: World, body = ""): () => string[] {
  const calls = join(here.paths.root, "calls");
  here.write(".vxlab/bin/pulumi", `#!/bin/bash\necho "$*" >>'${calls}'\n${body}\n`);
  return () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []);
}

function state(here: World, latest: unknown): void {
  here.write(
    ".vxlab/state/.pulumi/stacks/fake/lab.json",
    JSON.stringify({ version: 3, checkpoint: { latest } }),
  );
}

describe("the engine's lock", () => {
  it("is dead with its process, and with another program's that has its pid now", () => {
    expect(isDead(lock(deadPid))).toBe(true);
    expect(isDead(lock(process.pid))).toBe(true); // alive, but no Pulumi
    expect(isDead(lock(deadPid, "elsewhere"))).toBe(false);
  });

  it("of a dead process is removed with a line that says so", async () => {
    const here = world();
    const calls = fakePulumi(here);
    here.write(lockFile, JSON.stringify(lock(deadPid)));
    await clearDeadLocks(here, "lab");
    expect(calls()).toEqual(["--non-interactive --color never cancel --yes --stack lab"]);
    expect(here.stderr()).toContain(`a Pulumi process that has ended (pid ${deadPid})`);
  });

  it("of somebody at work is respected", async () => {
    const here = world();
    const calls = fakePulumi(here);
    here.write(lockFile, JSON.stringify(lock(77, "elsewhere")));
    await expect(clearDeadLocks(here, "lab")).rejects.toMatchObject({ code: 4 });
    expect(calls()).toEqual([]);
  });

  it("is not looked for where there is none, and half a file is none", async () => {
    const here = world();
    await clearDeadLocks(here, "lab");
    here.write(lockFile, '{"pid":');
    expect(readLocks(here, "lab")).toEqual([]);
  });
});

describe("pending operations", () => {
  const resource = { urn: "urn:pulumi:lab::fake::libvirt:index/domain:Domain::kvm1" };

  it("are taken out of the state, and nothing else is", async () => {
    const here = world();
    const deployment = { secrets_providers: { type: "passphrase" }, resources: [{ ...resource, type: "t" }] };
    const pending_operations = [{ type: "creating", resource }];
    state(here, { ...deployment, pending_operations });
    here.write(
      "export.json",
      JSON.stringify({ version: 3, deployment: { ...deployment, pending_operations } }),
    );
    const root = here.paths.root;
    fakePulumi(
      here,
      `case "$*" in *export*) cat '${root}/export.json';; *import*) cp "\${@: -1}" '${root}/import.json';; esac`,
    );
    await forgetPending(here, "lab");
    expect(JSON.parse(readFileSync(join(root, "import.json"), "utf8"))).toEqual({ version: 3, deployment });
    expect(here.stderr()).toContain("interrupted during creating kvm1");
    expect(existsSync(join(here.paths.logs, "state.json"))).toBe(false);
  });

  it("are none in a whole state and in an absent one: nothing is run", async () => {
    const here = world();
    const calls = fakePulumi(here, "exit 1");
    state(here, { resources: [] });
    await forgetPending(here, "lab");
    expect(calls()).toEqual([]);
  });
});

describe("a state that Pulumi is asked for", () => {
  it("comes in a bounded time, or it is said what did not", async () => {
    const here = world({ PULUMI_BACKEND_URL: "s3://bucket" });
    fakePulumi(here, "exit 124"); // as a run that is out of time ends
    await expect(loadLab(here, "lab")).rejects.toMatchObject({
      code: 1,
      message: "pulumi stack export did not end within 60 s",
    });
  });
});

describe("labs in the state", () => {
  const id = (hex: unknown) => ({ urn: "u", type: "random:index/randomId:RandomId", outputs: { hex } });

  it("are known by their random ids, and by nothing that could match other things", () => {
    expect(
      labIds([
        id("3283f765"),
        id("3283f765"),
        id(""),
        id(undefined),
        id("*"),
        { urn: "u", type: "x", outputs: { hex: "abcd" } },
      ]),
    ).toEqual(["3283f765"]);
  });

  it("are noted outside the state", async () => {
    const here = world();
    state(here, { resources: [id("3283f765")] });
    await noteLabs(here, "lab");
    state(here, { resources: [id("00c0ffee")] });
    await noteLabs(here, "lab");
    expect(knownLabs(here)).toEqual(["3283f765", "00c0ffee"]);
    const elsewhere = { ...world(), environment: { PULUMI_BACKEND_URL: "s3://bucket" } };
    await noteLabs(elsewhere, "lab");
    expect(knownLabs(elsewhere)).toEqual([]);
  });

  it("belong to this checkout unless the backend is the user's", () => {
    expect(ownBackend({})).toBe(true);
    expect(ownBackend({ PULUMI_BACKEND_URL: "file:///a/.vxlab/state" })).toBe(true);
    expect(ownBackend({ PULUMI_BACKEND_URL: "s3://bucket" })).toBe(false);
  });

  it("are asked for in the user's backend once Pulumi is set up, which is said", async () => {
    const here = { ...world(), environment: { PULUMI_BACKEND_URL: "s3://bucket" } };
    await expect(loadLab(here, "lab")).rejects.toThrow(
      "is not set up for s3://bucket: run ./vxlab env first",
    );
  });
});

describe("a stack's file whose passphrase is lost", () => {
  const salt = "encryptionsalt: v1:abc\n";

  it.each([
    [
      "loses the salt, keeps the settings",
      `${salt}config:\n  vxlab:accel: qemu\n`,
      "config:\n  vxlab:accel: qemu\n",
    ],
    [
      "with secrets is the user's to mend",
      `${salt}config:\n  a:\n    secure: x\n`,
      `${salt}config:\n  a:\n    secure: x\n`,
    ],
    [
      "with secrets in braces as well",
      `${salt}config:\n  a: { list: [{ secure: x }] }\n`,
      `${salt}config:\n  a: { list: [{ secure: x }] }\n`,
    ],
    [
      "loses it with a setting of that name",
      `${salt}config:\n  a:\n    secure: x\n    b: y\n`,
      "config:\n  a:\n    secure: x\n    b: y\n",
    ],
  ])("%s", async (_, before, after) => {
    const here = world();
    fakePulumi(here);
    here.write("Pulumi.lab.yaml", before);
    await selectStack(here, "lab");
    expect(readFileSync(join(here.paths.root, "Pulumi.lab.yaml"), "utf8")).toBe(after);
  });

  it.each([
    ["where the user's Pulumi is logged in elsewhere", { HOME: "home" }],
    ["where that is in a home of its own", { PULUMI_HOME: "home/.pulumi" }],
  ])("is refused, and stays, %s", async (_, variables: Record<string, string>) => {
    const here = world();
    const calls = fakePulumi(here);
    here.write("home/.pulumi/credentials.json", '{"current":"file:///srv/pulumi"}');
    here.write("Pulumi.lab.yaml", salt);
    const environment = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, join(here.paths.root, value)]),
    );
    const selected = selectStack({ ...here, environment: { HOME: "/nowhere", ...environment } }, "lab");
    await expect(selected).rejects.toThrow("PULUMI_BACKEND_URL=file:///srv/pulumi");
    expect(readFileSync(join(here.paths.root, "Pulumi.lab.yaml"), "utf8")).toBe(salt);
    expect(calls()).toEqual([]);
  });

  it("is left alone where the user names the passphrase", async () => {
    const here = world();
    fakePulumi(here);
    here.write("Pulumi.lab.yaml", salt);
    await selectStack({ ...here, environment: { PULUMI_CONFIG_PASSPHRASE_FILE: "/home/me/phrase" } }, "lab");
    expect(readFileSync(join(here.paths.root, "Pulumi.lab.yaml"), "utf8")).toBe(salt);
  });

  it("is left alone while the state is there", async () => {
    const here = world();
    fakePulumi(here);
    state(here, {});
    here.write("Pulumi.lab.yaml", salt);
    await selectStack(here, "lab");
    expect(readFileSync(join(here.paths.root, "Pulumi.lab.yaml"), "utf8")).toBe(salt);
  });
});

describe("a settings file that the user replaces while the stack is deployed", () => {
  it("gets the state's salt on its first line, so that Pulumi does not write it anew", async () => {
    const here = world();
    const calls = fakePulumi(here);
    state(here, { secrets_providers: { type: "passphrase", state: { salt: "v1:abc" } } });
    here.write(".vxlab/pulumi-home/workspaces/fake-0a1b-workspace.json", '{ "stack": "lab" }');
    const own = "# mine\nconfig:\n  vxlab:hosts: { kvm1: { address: 192.168.10.156 } }\n";
    here.write("Pulumi.lab.yaml", own);
    await selectStack(here, "lab");
    expect(readFileSync(join(here.paths.root, "Pulumi.lab.yaml"), "utf8")).toBe(
      `encryptionsalt: v1:abc\n${own}`,
    );
    expect(calls()).toEqual([]);
  });
});

describe("our own lock", () => {
  const path = () => join(temporary("lock"), "lock");

  it("is one process's at a time, and is given back", async () => {
    const here = world();
    await alone(here, "wait", async () => {
      await expect(alone(here, "wait", () => Promise.resolve())).rejects.toMatchObject({ code: 4 });
    });
    await alone(here, "wait", () => Promise.resolve());
  });

  it("is not kept by the dead, nor by a pid that is another process now", () => {
    const file = path();
    writeFileSync(file, `${deadPid} 1`);
    expect(tryLock(file)).toBeUndefined();
    expect(ownerOf(file)).toBe(process.pid);
    writeFileSync(file, `${process.pid} 1`); // our pid, but started at another time
    expect(ownerOf(file)).toBeUndefined();
    expect(tryLock(file)).toBeUndefined();
    unlock(file);
    expect(existsSync(file)).toBe(false);
  });

  it("can be waited for", async () => {
    const file = path();
    tryLock(file);
    let waited = 0;
    setTimeout(() => unlock(file), 400);
    expect(
      await withLock(
        file,
        (pid) => (waited = pid),
        () => Promise.resolve("done"),
      ),
    ).toBe("done");
    expect(waited).toBe(process.pid);
  });
});

describe("paths", () => {
  it("give each checkout its own id, by its real place", () => {
    const [one, two] = [temporary("a"), temporary("b")];
    expect(pathsOf(one, {}).id).toMatch(/^[0-9a-f]{8}$/);
    expect(pathsOf(one, {}).id).not.toBe(pathsOf(two, {}).id);
    expect(pathsOf(join(one, "..", one.split("/").at(-1) ?? ""), {}).id).toBe(pathsOf(one, {}).id);
  });

  it.each([
    [{ VXLAB_CACHE: "/c" }, "/c"],
    [{ XDG_CACHE_HOME: "/x" }, "/x/vxlab"],
    [{ HOME: "/h" }, "/h/.cache/vxlab"],
  ])("keep the cache with %j in %s", (environment, cache) => {
    expect(pathsOf("/tmp", environment).cache).toBe(cache);
  });
});
