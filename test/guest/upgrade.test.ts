/**
 * What older versions sent and kept, recorded from them (fixtures): stacks' states hold it, and so do hosts. Level 1 had no lab's id in
 * the names of files, level 2 no envelope.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PROTOCOL } from "../../guest/protocol";
import { guestTools } from "../../guest/render";
import { ofLevel2 } from "../lib/older-host";
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

describe("the labs' older hosts (test/lib/older-host.ts)", () => {
  // A port of today has no MTU where nothing needs it.
  const withoutMtu = (text: string) => text.replace(/("ttl":null),"mtu":\d+/, "$1");

  it.each(files(2))("keep %s as level 2 kept it", (file) => {
    const [envelope = "", secrets] = now(file).split("\n");
    const text = ofLevel2(file.replace(/-.*/, ""), envelope, secrets);
    expect(withoutMtu(text)).toBe(withoutMtu(recorded(2, file).trim()));
  });
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

/** Tools of the level after this one, whose bridges have a colour: what a change of the form adds, and nothing else. */
function nextTools(): string {
  const added: [string, string][] = [
    [`LEVEL=${PROTOCOL}\n`, `LEVEL=${PROTOCOL + 1}\n`],
    [
      "function lifted(level) {\n",
      `function lifted(level) {\n  if (level == ${PROTOCOL}) return lifted_${PROTOCOL}()\n`,
    ],
    [
      "function lifted_2(",
      `function lifted_${PROTOCOL}() {
  json_other["v"] = ${PROTOCOL + 1}
  if (kind == "bridge") { json_entries["state"] = json_entries["state"] " state.colour"; json_other["state.colour"] = json_quote("red") }
  return json_write("")
}
function lifted_2(`,
    ],
    ["take_over_1() {", `take_over_${PROTOCOL}() { echo "$2" >>"$STATE/lifted"; }\ntake_over_1() {`],
  ];
  return added.reduce((script, [before, after]) => {
    if (script.split(before).length !== 2) throw new Error(`the guest tools have not one "${before}"`);
    return script.replace(before, () => after);
  }, guestTools().script);
}

describe.each(["dash", "busybox sh"])("tools of the next level in %s", (shell) => {
  const lift = (lines: string) =>
    lines
      .replace(`{"v":${PROTOCOL},`, `{"v":${PROTOCOL + 1},`)
      .replace(/("name":"vxbr".*?)\}\}/, '$1,"colour":"red"}}');

  it.each([
    ["2", recorded],
    [String(PROTOCOL), (_: number, file: string) => `${now(file)}\n`],
  ] as const)("lift a host of level %s", (level, text) => {
    const host = new FakeHost(shell, nextTools());
    const name = (file: string) => file.replace("-", "-00c0ffee-");
    for (const file of files(2)) {
      const [envelope, secrets] = text(2, file).split("\n");
      host.shows(`state/desired/${name(file)}`, `${envelope}\n`);
      if (secrets) host.shows(`state/secrets/${name(file)}`, `${secrets}\n`);
    }
    host.shows("state/level", `${level}\n`);
    expect(host.shell("lock; take_over; take_over")).toMatchObject({ code: 0, stderr: "" });
    for (const file of files(2)) {
      const [envelope, secrets] = lift(now(file)).split("\n");
      expect(host.read(`state/desired/${name(file)}`)).toBe(`${envelope}\n`);
      if (secrets !== undefined) expect(host.read(`state/secrets/${name(file)}`)).toBe(`${secrets}\n`);
    }
    expect(host.read("state/level")).toBe(`${PROTOCOL + 1}\n`);
    expect(host.read("state/lifted").split("\n")).toHaveLength(files(2).length + 1);
  });

  it("read what is sent today, secrets included", () => {
    const host = new FakeHost(shell, nextTools());
    for (const { kind, lines } of sent)
      expect(
        host.shell(
          `said() { printf '%s\\n' "$json"; [ -z "$secrets" ] || printf '%s\\n' "$secrets"; }
          with_state ${kind} "" said`,
          `${lines}\n`,
        ),
      ).toMatchObject({ code: 0, stdout: `${lift(lines)}\n` });
  });
});

it.each(["dash", "busybox sh"])(
  "in %s, tools without a level's line in the table leave its files alone",
  (shell) => {
    const host = new FakeHost(shell, guestTools().script.replace(/^.*level == 2.*\n/m, ""));
    const name = "state/desired/port-00c0ffee-lab-kvm1-red.json";
    const text = recorded(2, "port-lab-kvm1-red.json");
    host.shows(name, text);
    host.shows("state/level", "2\n");
    const { code, stderr } = host.guest(["apply", "port"], text);
    expect(code).toBe(1);
    expect(stderr).toContain("is kept in its old form until the next step");
    expect(stderr).toContain(
      `desired state of version unknown: the guest tools read versions up to ${PROTOCOL}`,
    );
    expect([host.read(name), host.read("state/level"), host.changes()]).toEqual([text, "2\n", []]);
  },
);

describe.each(["dash", "busybox sh"])("in %s, what a newer vxlab left is refused", (shell) => {
  const newer = (file: string) => now(file).replace(`{"v":${PROTOCOL},`, `{"v":${PROTOCOL + 1},`);
  const file = "bridge-lab-kvm1-vxbr.json";

  it.each(["apply", "remove", "observe"])("on stdin, by %s", (verb) => {
    const host = new FakeHost(shell);
    const { code, stderr } = host.guest([verb, "bridge"], newer(file));
    expect(code).toBe(1);
    expect(stderr).toContain(`desired state of version ${PROTOCOL + 1} comes from a newer vxlab`);
    expect([host.changes(), host.kept()]).toEqual([[], []]);
  });

  it("on the host", () => {
    const host = new FakeHost(shell);
    host.shows(`state/desired/${file.replace("-", "-00c0ffee-")}`, newer(file));
    host.shows("state/level", `${PROTOCOL + 1}\n`);
    const { code, stderr } = host.guest(["apply", "bridge"], now(file));
    expect(code).toBe(1);
    expect(stderr).toContain(`level ${PROTOCOL + 1}, these guest tools: ${PROTOCOL}`);
    expect(host.changes()).toEqual([]);
    expect(host.read("state/level")).toBe(`${PROTOCOL + 1}\n`);
  });
});
