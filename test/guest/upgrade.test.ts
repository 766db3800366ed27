/**
 * What older versions sent and kept, recorded from them (fixtures): stacks' states hold it, and so do hosts. Level 1 had no lab's id in
 * the names of files, level 2 no envelope.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PROTOCOL } from "../../guest/protocol";
import { FakeHost } from "./fake-host";
import { fabric, sentBy, type Sent } from "./labs";

const folder = (level: number) => join(__dirname, "fixtures", `level${level}`);
const files = (level: number) => readdirSync(folder(level)).sort();
const recorded = (level: number, file: string) => readFileSync(join(folder(level), file), "utf8");

let sent: Sent[];
/** The same thing, as it is sent now. */
const now = (file: string): string => {
  const found = sent.find(({ kind, id }) => file === `${kind}-${id}.json`);
  if (found === undefined) throw new Error(`no step sends ${file}`);
  return found.lines;
};
/** Version 1 had neither guard, nor networks closed to gateways, nor port security. */
const withoutLater = (lines: string) =>
  lines
    .replace('"closed":["192.168.10.0/24"]', '"closed":[]')
    .replace(/"sources":(\[[^\]]*\]|null)/g, '"sources":null')
    .replace("a\\nb", "a b");

beforeAll(async () => {
  sent = await sentBy(fabric());
});

const SHAPE = "2c13d5717e59d605";

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  let host: FakeHost;
  let socket: Server;
  beforeEach(async () => {
    host = new FakeHost(shell);
    socket = createServer();
    await new Promise<void>((listening) => socket.listen(host.path("docker.sock"), listening));
  });
  afterEach(() => new Promise((closed) => socket.close(closed)));

  it.each(files(2))("level 2's %s means what is sent today", (file) => {
    const kind = file.replace(/-.*/, "");
    const { stdout, stderr } = host.shell(`upgraded ${kind}`, recorded(2, file));
    expect([stderr, stdout]).toEqual(["", `${now(file)}\n`]);
  });

  it.each(files(1))("level 1's %s means what is sent today, without what came later", (file) => {
    const kind = file.replace(/-.*/, "");
    const { stdout, stderr } = host.shell(`upgraded ${kind}`, recorded(1, file));
    expect([stderr, withoutLater(stdout)]).toEqual(["", `${withoutLater(now(file))}\n`]);
  });

  it("what is sent today stays as it is", () => {
    for (const { kind, lines } of sent) {
      const [envelope] = lines.split("\n");
      expect(host.shell(`upgraded ${kind}`, `${envelope}\n`).stdout).toBe(`${envelope}\n`);
    }
  });

  it("a host of level 2 is rewritten once, with secrets apart, and nothing on it is touched", () => {
    for (const file of files(2))
      host.shows(`state/desired/${file.replace("-", "-00c0ffee-")}`, recorded(2, file));
    host.shows("state/level", "2\n");
    expect(host.shell("lock; take_over")).toMatchObject({ code: 0, stderr: "" });
    expect(host.everything()).toEqual([]);
    for (const file of files(2)) {
      const [envelope, secrets] = now(file).split("\n");
      const name = file.replace("-", "-00c0ffee-");
      expect(host.read(`state/desired/${name}`)).toBe(`${envelope}\n`);
      if (secrets === undefined) continue;
      expect(host.read(`state/secrets/${name}`)).toBe(`${secrets}\n`);
      expect(statSync(host.path(`state/secrets/${name}`)).mode & 0o777).toBe(0o600);
      expect(host.read(`state/desired/${name}`)).not.toContain("GREETING");
    }
    expect(host.read("state/level")).toBe(`${PROTOCOL}\n`);
  });

  it("a Docker container that level 2 started goes on under what is sent today", () => {
    const file = "container-lab-app.json";
    for (const [name, text] of [
      ["net/vxbr/address", ""],
      ["net/v-app/mtu", "1450\n"],
      ["inside", ""],
      ["images/vxlab_busybox", "sha256:aa\n"],
      ["own", '{"entry":["/bin/app"],"cmd":null}\n'],
      // The shape as the tools of level 2 computed it.
      ["box", `running 275 sha256:aa 00c0ffee-lab-app ${SHAPE}\n`],
      ["state/docker/00c0ffee-lab-app/in/ready", ""],
      [`state/desired/${file.replace("-", "-00c0ffee-")}`, recorded(2, file)],
      ["state/level", "2\n"],
    ] as const)
      host.shows(name, text);
    expect(host.guest(["apply", "container"], now(file))).toMatchObject({ code: 0, stderr: "" });
    const deeds = host.calls("docker").map(([verb]) => verb);
    expect(deeds.filter((verb) => /^(create|start|stop|rm)$/.test(verb ?? ""))).toEqual([]);
  });

  it.each(files(2))("%s is removed by what level 2 sent as by what is sent today", (file) => {
    const kind = file.replace(/-.*/, "");
    const removed = (stdin: string) => {
      if (existsSync(host.path("state/level"))) host.forgets("state");
      host.has(["port-of-it"], []);
      host.shows("owner", "vxbr vxlab=00c0ffee\n");
      host.shows(`state/desired/${file.replace("-", "-00c0ffee-")}`, `${now(file).split("\n")[0]}\n`);
      host.shows("state/desired/port-00c0ffee-other.json", `${now("port-lab-kvm1-red.json")}\n`);
      host.shows("state/level", `${PROTOCOL}\n`);
      const { code, stdout, stderr } = host.guest(["remove", kind], stdin);
      expect([code, stdout, stderr]).toEqual([0, `{"v":${PROTOCOL}}\n`, ""]);
      return { calls: host.everything(), kept: host.kept() };
    };
    const today = removed(now(file));
    expect(removed(recorded(2, file))).toEqual(today);
    expect(today.kept).toEqual(["port-00c0ffee-other.json"]);
  });
});
