/** Values reach the guest tools as data: no text that a setting can hold is ever taken for shell. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeHost } from "./fake-host";

let host: FakeHost;
beforeAll(() => {
  host = new FakeHost();
});
afterAll(() => host.remove());

const CANARY = "/tmp/vxlab-guest-canary";

/** Any text without NUL, which neither a setting nor an argument can hold; often out of what shells stumble over. */
const pieces = [
  "'",
  '"',
  "`",
  "\\",
  "$(",
  ")",
  "${",
  "}",
  "\n",
  "\r",
  "\t",
  " ",
  ";",
  "&",
  "|",
  "*",
  "~",
  "#",
  "!",
  "%s",
  "-n",
  `touch ${CANARY}`,
];
const hostile = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(""));
const any = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\0", ""));
const text = fc.oneof(hostile, any);

const texts = fc.array(text, { minLength: 1, maxLength: 40 });
/** Few runs of many values: each run starts a shell and jq. */
const runs = { numRuns: 15 };
const values = (stdout: string): string[] => stdout.split("\0").slice(0, -1);

describe("assign", () => {
  it("hands every value over as it is", () => {
    const lines = `json=$(cat); eval "$(assign "$json" '.all[] | @sh "v=\\(.)", "printf %s\\\\\\\\0 \\"$v\\""')"`;
    fc.assert(
      fc.property(texts, (all) => {
        const { code, stdout, stderr } = host.shell(lines, JSON.stringify({ all }));
        expect([code, stderr, ...values(stdout)]).toEqual([0, "", ...all]);
      }),
      runs,
    );
    expect(existsSync(CANARY)).toBe(false);
  });

  it("gives what was wanted last time as $was, and nothing the first time", () => {
    const lines = `json=$(cat); eval "$(assign "$json" '@sh "old=\\($was.name // "none")"' "$VXLAB_STATE/last")"; printf %s "$old"`;
    expect(host.shell(lines, "{}").stdout).toBe("none");
    const earlier = `printf '{"name":"it'\\''s"}' >"$VXLAB_STATE/last"; ${lines}`;
    expect(host.shell(earlier, "{}").stdout).toBe("it's");
  });
});

describe("a container's command", () => {
  it("is run word by word as it was written", () => {
    const script =
      `json=$(cat); eval "$(assign "$json" "$container_fields")"; box=$VXLAB_STATE/box; container_init; ` +
      `exec /bin/sh "$box/rootfs/.vxlab-init"`;
    mkdirSync(host.path("state/box/rootfs"), { recursive: true });
    const state = {
      lab: "x",
      name: "c",
      bridge: "b",
      address: "a",
      mac: "m",
      mtu: 1,
      veth: "v",
      vlan: null,
      rootfs: "r",
    };
    fc.assert(
      fc.property(texts, (words) => {
        const command = ["/usr/bin/printf", "%s\\0", ...words];
        const { code, stdout, stderr } = host.shell(script, JSON.stringify({ ...state, command }));
        expect([code, stderr, ...values(stdout)]).toEqual([0, "", ...words]);
      }),
      runs,
    );
    expect(existsSync(CANARY)).toBe(false);
  });
});

describe("the id of a step, which names its file", () => {
  it.each(["../../etc/passwd", "a/b", "", "a b", "$(id)", "a\nb"])(
    "%j is refused before anything is done",
    (id) => {
      host.calls();
      const { code, stderr } = host.guest(["remove", "port"], { id, bridge: "b" });
      expect([code, stderr]).toEqual([1, "vxlab: desired state without a usable id\n"]);
      expect(host.calls()).toEqual([]);
    },
  );
});

describe("the canary", () => {
  it("sings when something is run that should not be", () => {
    spawnSync("/bin/dash", ["-c", `touch ${CANARY}`]);
    expect(existsSync(CANARY)).toBe(true);
    rmSync(CANARY);
  });
});
