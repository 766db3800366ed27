/** guest/lib.sh: one step at a time on a host. */
import { spawn, type ChildProcess } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { FakeHost } from "./fake-host";

const BRIDGE = { id: "b", lab: "00c0ffee", name: "vxbr", mac: "02:00:00:00:00:01", mtu: 1450, address: null };

let holder: ChildProcess | undefined;
afterEach(() => {
  if (holder?.pid !== undefined) process.kill(-holder.pid);
});

/** Another step, which holds the host's lock for some seconds from now on. */
async function held(host: FakeHost, seconds: number): Promise<void> {
  const words = [host.path("lock"), "sh", "-c", `echo held; sleep ${seconds}`];
  const child = (holder = spawn("flock", words, { stdio: ["ignore", "pipe", "inherit"], detached: true }));
  await new Promise((resolve) => child.stdout.once("data", resolve));
}

/** What a flock without -w, as busybox's is, says of it. */
const PLAIN = `flock() { case $1 in -w) echo "flock: invalid option -- 'w'" >&2; return 1 ;; esac; command flock "$@"; }`;

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  const host = (): FakeHost => {
    const made = new FakeHost(shell);
    made.nap = "0.2";
    made.shows("net/vxbr/address", "02:00:00:00:00:01\n");
    made.shows("net/vxbr/mtu", "1450\n");
    made.shows("owner", "vxbr\nvxlab=00c0ffee\n");
    return made;
  };

  it("a step waits for the one before it", async () => {
    const busy = host();
    await held(busy, 0.6);
    const started = Date.now();
    expect(busy.guest(["apply", "bridge"], BRIDGE)).toMatchObject({ code: 0, stderr: "" });
    expect(Date.now() - started).toBeGreaterThan(400);
  });

  it.each(["", PLAIN])("with bounds, and says what it waited for: %s", async (flock) => {
    const busy = host();
    await held(busy, 15);
    const { code, stderr } = busy.shell(`${flock}\nlock\necho got it`);
    expect([code, stderr]).toEqual([1, `vxlab: another step holds ${busy.path("lock")} for over 1 s\n`]);
    expect(busy.changes()).toEqual([]);
  });

  it("a flock that cannot wait is asked again", async () => {
    const busy = host();
    await held(busy, 0.6);
    expect(busy.shell(`${PLAIN}\nlock\necho got it`)).toMatchObject({ code: 0, stdout: "got it\n" });
  });
});
