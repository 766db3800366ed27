/** Values reach the guest tools as data: no text that a setting can hold is ever taken for shell. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { PROTOCOL } from "../../guest/protocol";
import { FakeHost } from "./fake-host";

/** What /bin/sh and awk are on a stock Debian, and what both are in our own image. */
describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  let host: FakeHost;
  beforeAll(() => {
    host = new FakeHost(shell);
  });

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
  /** Few runs of many values: each run starts a shell and awk. */
  const runs = { numRuns: 15 };
  const values = (stdout: string): string[] => stdout.split("\0").slice(0, -1);

  describe("assign", () => {
    it("hands every value over as it is", () => {
      const lines =
        `json=$(cat); eval "$(assign "$json")"; i=0; ` +
        `while [ "$i" -lt "$all_count" ]; do eval "one=\\$all_$i"; printf '%s\\0' "$one"; i=$((i + 1)); done; ` +
        `eval "set -- $all"; for one in "$@"; do printf '%s\\0' "$one"; done`;
      fc.assert(
        fc.property(texts, (all) => {
          const { code, stdout, stderr } = host.shell(lines, JSON.stringify({ all }));
          expect([code, stderr, ...values(stdout)]).toEqual([0, "", ...all, ...all]);
        }),
        runs,
      );
      expect(existsSync(CANARY)).toBe(false);
    });

    it("reads escapes that JSON allows and JSON.stringify does not write", () => {
      const lines = `json=$(cat); eval "$(assign "$json")"; printf %s "$text"`;
      const json = String.raw`{ "text" : "\u0041\u00e9\u20ac\ud83d\ude00\/\"\\" , "other":null }`;
      expect(host.shell(lines, json)).toMatchObject({ code: 0, stdout: `Aé€😀/"\\` });
    });

    it("names what it assigns by its path; null, [] and {} are empty", () => {
      const lines = `json=$(cat); assign "$json"`;
      const state = { vni: 7, vlan: null, on: true, remotes: [{ name: "a", at: "b" }], none: [] };
      expect(host.shell(lines, JSON.stringify(state)).stdout.split("\n")).toEqual([
        ...["vni='7'", "vlan=''", "on='true'", "remotes_count=1 remotes=", "remotes_0_count=2 remotes_0="],
        ...["remotes_0_name='a'", "remotes_0_at='b'", "none_count=0 none=", ""],
      ]);
    });

    it.each([
      ["half a document", '{"a": "b'],
      ["a bracket too many", '{"a": 1}}'],
      ["a stray character", '{"a": $(id)}'],
      ["a name that would be the shell's", '{"PATH": "/tmp"}'],
      ["a name that is shell", '{"a;id": "/tmp"}'],
      ["a NUL", '{"a": "\\u0000"}'],
    ])("fails for %s", (_, json) => {
      const { code, stderr } = host.shell(`json=$(cat); eval "$(assign "$json")"; echo "$PATH"`, json);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^vxlab: desired state (is not JSON|has a key that cannot be a variable): /);
    });
  });

  describe("with_state", () => {
    const told = (stdin: string, kept = "was") =>
      host.shell(
        `with_state port "${kept}" eval 'printf "%s " "$id" "$step" "$vni" "\${was_vni-none}" "\${machine-none}"'`,
        stdin,
      );
    const envelope = {
      v: PROTOCOL,
      id: "lab-red",
      lab: "00c0ffee",
      machine: "m",
      state: { vni: 7, vlan: null },
    };

    it("has the state in variables, in whatever order its keys are", () => {
      const words = "00c0ffee-lab-red lab-red 7 none m ";
      expect(told(JSON.stringify(envelope))).toMatchObject({ code: 0, stderr: "", stdout: words });
      const { v, id, lab, machine } = envelope;
      const turned = JSON.stringify(
        { state: { vlan: null, vni: 7 }, machine, lab, id, v },
        null,
        1,
      ).replaceAll("\n", " ");
      expect(told(turned)).toMatchObject({ code: 0, stderr: "", stdout: words });
    });

    it("has what is kept under was_ names, where that is wanted", () => {
      const earlier = JSON.stringify({ ...envelope, state: { vni: 6 } });
      host.shows("state/desired/port-00c0ffee-lab-red.json", `${earlier}\n`);
      expect(told(JSON.stringify(envelope)).stdout).toBe("00c0ffee-lab-red lab-red 7 6 m ");
      expect(told(JSON.stringify(envelope), "").stdout).toBe("00c0ffee-lab-red lab-red 7 none m ");
      host.forgets("state/desired");
    });

    it("leaves nothing of it to who comes after", () => {
      const lines = `with_state port "" true; printf %s "\${vni-none}\${json-none}\${id-none}"`;
      expect(host.shell(lines, JSON.stringify(envelope)).stdout).toBe("nonenonenone");
    });

    it("refuses a version that it does not read", () => {
      const { code, stderr } = told(JSON.stringify({ ...envelope, v: PROTOCOL + 1 }));
      expect([code, stderr]).toEqual([
        1,
        `vxlab: desired state of version ${PROTOCOL + 1} comes from a newer vxlab: the guest tools of this host read versions up to ${PROTOCOL}. Nothing was changed: run up with the newer vxlab\n`,
      ]);
    });
  });

  describe("a container's command", () => {
    it("is run word by word as it was written", () => {
      const script =
        `json=$(cat); eval "$(assign "$json")"; box=$VXLAB_STATE/box; lxc_init; ` +
        `exec /bin/sh "$box/.vxlab-init.new"`;
      mkdirSync(host.path("state/box/rootfs"), { recursive: true });
      const state = { name: "c", interfaces: [] };
      fc.assert(
        fc.property(texts, (words) => {
          const command = ["/usr/bin/printf", "%s\\0", ...words];
          const { code, stdout, stderr } = host.shell(script, JSON.stringify({ ...state, command }));
          expect([code, stderr, ...values(stdout)]).toEqual([0, "", ...words]);
        }),
        { ...runs, examples: [[["--save", ""]], [["", "", "a", ""]], [[""]]] },
      );
      expect(existsSync(CANARY)).toBe(false);
    });
  });

  describe("the id of a step, which names its file", () => {
    it.each(["../../etc/passwd", "a/b", "", "a b", "$(id)", "a\nb"])(
      "%j is refused before anything is done",
      (id) => {
        host.calls();
        const envelope = JSON.stringify({ v: PROTOCOL, id, lab: "00c0ffee", state: {} });
        const { code, stderr } = host.guest(["remove", "port"], envelope);
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
});
