/**
 * The guest tools on this machine, in a folder of their own: what they would change of a host is recorded by programs
 * that only write down how they were called.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { guestTools } from "../../guest/render";
import { PROTOCOL } from "../../guest/protocol";
import type { StepKind } from "../../guest/things";
import { temporary } from "../lib/temporary";
import { inputOf, keptOf, type Thing } from "./made";

export interface Answer {
  code: number | null;
  stdout: string;
  stderr: string;
}

const FAKES = [
  "ovsdb-client",
  "ovs-vsctl",
  "ovs-ofctl",
  "ip",
  "tc",
  "bridge",
  "nft",
  "dnsmasq",
  "nsenter",
  "setsid",
].concat([
  "unshare",
  "lxc-start",
  "lxc-stop",
  "lxc-info",
  "lxc-attach",
  "systemctl",
  "docker",
  "modprobe",
  "chown",
  "vtysh",
]);

/** Writes its arguments down; what is asked comes out of files, and what is said on stdin goes into one. */
const FAKE = `#!/bin/sh
{ printf '%s\\0' "\${0##*/}" "$@"; printf '\\036'; } >>"$FAKE/calls"
case "\${0##*/} $*" in
  "ovsdb-client "*) [ -e "$FAKE/ovs" ] && cat "$FAKE/ovs" ;;
  # Those are options of ovs-vsctl itself: it refuses them later on.
  "ovs-vsctl "*" -- "*"--no-headings"*) exit 1 ;;
  *"find bridge name="*) cat "$FAKE/owner" ;;
  *"find port"*) cat "$FAKE/ports" ;;
  *"find interface"*) cat "$FAKE/rows" ;;
  *"get bridge "*fail_mode) cat "$FAKE/fail-mode" ;;
  *port-to-br*) [ ! -s "$FAKE/bridge" ] || cat "$FAKE/bridge" ;;
  "ovs-vsctl "*) [ ! -e "$FAKE/refused" ] || { cat "$FAKE/refused" >&2; exit 1; }; case "$*" in *add-port*) [ ! -e "$FAKE/warning" ] || cat "$FAKE/warning" >&2 ;; esac ;;
  "ovs-ofctl del-flows "*) ;;
  "ovs-ofctl "*"diff-flows bf"*) cat >"$FAKE/said"; [ ! -e "$FAKE/diff" ] || { cat "$FAKE/diff"; exit "$(cat "$FAKE/diff-code")"; } ;;
  "ovs-ofctl "*add-flows* | "ovs-ofctl "*diff-flows*) . "$FAKE/bin/ofctl.sh" ;;
  "tc -batch -") cat >>"$FAKE/said" ;;
  "ovs-ofctl "* | "nft -f -" | *" -batch -") cat >"$FAKE/said" ;;
  "nft -f "*) [ ! -e "$FAKE/refuses-rules" ] && cp "$2" "$FAKE/loaded" && : >"$FAKE/guarded" ;;
  "nft delete table inet vxlab_guard") rm -f "$FAKE/guarded" ;;
  "nft -s list table inet vxlab_guard") [ ! -e "$FAKE/guarded" ] || cat "$FAKE/loaded" ;;
  "nft list table inet vxlab_guard") [ -e "$FAKE/guarded" ] ;;
  "unshare -n sh -c"*) cat "$FAKE/state/guard.nft" ;;
  "tc filter show dev "*" egress") [ ! -e "$FAKE/filters-$4" ] || cat "$FAKE/filters-$4" ;;
  "tc "*"qdisc show dev "*) for device in "$@"; do :; done; cat "$FAKE/queue-$device" 2>/dev/null ;;
  "ip link add "*" type ifb") mkdir -p "$FAKE/net/$3" && echo 0x82 >"$FAKE/net/$3/flags" ;;
  "ip link set dev i-"*" alias "*) echo "$6" >"$FAKE/net/$4/ifalias" ;;
  "ip link del dev i-"*) rm -rf "$FAKE/net/$4" ;;
  "ip -o address show"*) cat "$FAKE/addresses" ;;
  "bridge fdb show "*) cat "$FAKE/fdb" 2>/dev/null ;;
  "ip neigh show "*) cat "$FAKE/neigh" 2>/dev/null ;;
  "ip -o route get"*) cat "$FAKE/route" 2>/dev/null ;;
  "ip -o "-[46]" route show default") cat "$FAKE/defaults" 2>/dev/null ;;
  "ip route show dev p-"*) cat "$FAKE/p-route" 2>/dev/null ;;
  "setsid "*) [ ! -e "$FAKE/loop.sh" ] || . "$FAKE/loop.sh" ;;
  "ip link set"*up) [ ! -e "$FAKE/busy" ] ;;
  "ip link add "*" type veth "*) mkdir -p "$FAKE/net/$3"; echo "$5" >"$FAKE/net/$3/mtu" ;;
  "nft list"*) [ -e "$FAKE/table" ] ;;
  "nft -s list"*) [ ! -e "$FAKE/listing" ] || cat "$FAKE/listing" ;;
  "nsenter "*) cat "$FAKE/inside" ;;
  "lxc-start "*) [ -e "$FAKE/ends" ] || echo RUNNING >"$FAKE/state-of" ;;
  "lxc-stop "*) rm -f "$FAKE/state-of" ;;
  "lxc-info "*-sp) [ ! -e "$FAKE/state-of" ] || printf 'State: RUNNING\\nPID: 275\\n' ;;
  "lxc-info "*) cat "$FAKE/state-of" ;;
  "lxc-attach "*)
    [ -e "$FAKE/attach-runs" ] || { cat >"$FAKE/attached"; exit; }
    while [ "$1" != -- ]; do shift; done
    shift
    exec "$@" ;;
  "docker "*) . "$FAKE/bin/docker.sh" ;;
esac
`;

/** Flows come from a file, or from its input when that is called "-"; unknown is a port that the switch does not have, named as the flow has it: in quotes. */
const OFCTL = `
for from in "$@"; do :; done
case $from in -) cat ;; *) cat "$from" ;; esac >"$FAKE/said"
[ ! -s "$FAKE/flows-refused" ] || { cat "$FAKE/flows-refused" >&2; exit 1; }
unknown=$(cat "$FAKE/unknown" 2>/dev/null)
if [ -n "$unknown" ] && grep -q 'in_port="'"$unknown"'"' "$FAKE/said"; then
  echo "ovs-ofctl: -:1: \\"$unknown\\": invalid or unknown port for in_port" >&2
  exit 1
fi
case "$*" in *diff-flows*) cat "$FAKE/differs"; [ ! -s "$FAKE/differs" ] || exit 2 ;; esac
`;

/**
 * As much of Docker as the tools ask for, in files: box (state, pid, image, owner, shape of the one container) and
 * images/NAME (its id).
 */
const DOCKER = `
[ ! -e "$FAKE/mute" ] || exit 1
case "$*" in "image inspect "* | pull*) image=$FAKE/images/$(printf %s "$*" | sed 's/.* //; s/[^A-Za-z0-9]/_/g') ;; esac
case "$*" in
  "container inspect "*) cat "$FAKE/box" 2>/dev/null || { echo "Error: No such container: x" >&2; exit 1; } ;;
  "image inspect "*json*) cat "$FAKE/own" ;;
  "image inspect "*" sha256:"*) grep -hx "sha256:\${image##*_}" "$FAKE"/images/* ;;
  "image inspect "*) cat "$image" 2>/dev/null ;;
  "image ls"*) cat "$FAKE"/images/* 2>/dev/null | sort -u ;;
  "image rm -f "*) grep -lx "$4" "$FAKE"/images/* | xargs rm -f ;;
  load*) cat "$FAKE/loads"; echo sha256:aa >"$FAKE/images/app_latest" ;;
  pull*) [ -e "$FAKE/registry" ] || { cat "$FAKE/refuses" >&2; exit 1; }; grep . "$FAKE/registry" >"$image" || echo sha256:bb >"$image" ;;
  create*)
    case "$*" in *" --env-file /proc/self/fd/0 "*) cat >"$FAKE/variables" ;; esac
    env -0 >"$FAKE/environment"
    for word in "$@"; do
      case $word in vxlab-container=*) owner=\${word#*=} ;; vxlab-shape=*) shape=\${word#*=} ;; sha256:*) used=$word ;; esac
    done
    echo "created 0 $used $owner $shape" >"$FAKE/box" ;;
  start*) sed 's/^[a-z]* [0-9]*/running 275/' "$FAKE/box" >"$FAKE/box.new"; [ -e "$FAKE/ends" ] || mv "$FAKE/box.new" "$FAKE/box" ;;
  stop*) sed 's/^[a-z]* [0-9]*/exited 0/' "$FAKE/box" >"$FAKE/box.new"; mv "$FAKE/box.new" "$FAKE/box" ;;
  rm*) rm -f "$FAKE/box" ;;
  logs*) cat "$FAKE/said-log" 2>/dev/null || echo "it says why" ;;
  "volume inspect "*) exit 1 ;;
  "volume ls "*) cat "$FAKE/volumes" 2>/dev/null ;;
  ps*) cat "$FAKE/users" 2>/dev/null ;;
esac
`;

let made: string | undefined;

/** The folder of fake programs that all hosts of a test file share. */
function fakes(): string {
  if (made !== undefined && fs.existsSync(made)) return made;
  made = temporary("fakes");
  for (const name of FAKES) fs.writeFileSync(join(made, name), FAKE, { mode: 0o755 });
  fs.writeFileSync(join(made, "docker.sh"), DOCKER);
  fs.writeFileSync(join(made, "ofctl.sh"), OFCTL);
  return made;
}

export class FakeHost {
  readonly folder = temporary("guest");
  /** Seconds between the rounds of a boot. */
  pauses = "";
  /** Seconds that the tools sleep wherever they ask again: what they wait for is there already, or never comes. */
  nap = "0.01";
  private shells = 0;

  /**
   * @param sh what runs the tools; "busybox sh" runs its own awk too
   * @param script what the host has as /usr/lib/vxlab/guest. @default the tools as they are sent
   */
  constructor(
    private readonly sh = "dash",
    script = guestTools().script,
  ) {
    fs.symlinkSync(fakes(), this.path("bin"));
    for (const name of ["tools", "state", "net", "images"]) fs.mkdirSync(join(this.folder, name));
    for (const name of ["addresses", "inside", "bridge", "owner"]) fs.writeFileSync(this.path(name), "");
    fs.mkdirSync(this.path("sys/net/ipv4"), { recursive: true });
    fs.mkdirSync(this.path("modules/nft_ct"), { recursive: true });
    fs.writeFileSync(this.path("tools/guest"), this.tamed(script), { mode: 0o755 });
    this.has([], []);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** The script sets PATH itself, and would give a systemd of this machine a unit. */
  private tamed(script: string): string {
    const found = script.match(/^PATH=.*$/gm);
    if (found?.length !== 1)
      throw new Error(`the guest tools set PATH ${found?.length ?? 0} times, not once`);
    return script
      .replace(
        /^PATH=.*$/m,
        // busybox's shell takes its own applets before anything in PATH, but functions before those.
        `PATH=${this.folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin\n` +
          ["ip", "nsenter", "setsid", "unshare", "modprobe", "chown"]
            .map((name) => `${name}() { "${this.folder}/bin/${name}" "$@"; }\n`)
            .join("") +
          'sleep() { command sleep "$NAP"; }\n',
      )
      .replaceAll("/run/systemd", `${this.folder}/none`)
      .replaceAll("/etc/systemd", `${this.folder}/none`);
  }

  /**
   * The ports that Open vSwitch has of a step that was begun before, and its rows of interfaces: name, ofport, error,
   * options.
   */
  has(ports: readonly string[], rows: readonly [string, unknown, unknown, Record<string, string>][]): void {
    if (ports.length > 0) this.shows("state/begun/port-00c0ffee-lab-kvm1-red", "");
    fs.writeFileSync(this.path("ports"), ports.map((name) => `${name}\n`).join(""));
    const data = rows.map(([name, ofport, error, options]) => [
      name,
      ofport,
      error,
      ["map", Object.entries(options)],
    ]);
    fs.writeFileSync(
      this.path("rows"),
      JSON.stringify({ data, headings: ["name", "ofport", "error", "options"] }),
    );
  }

  /** A file that the host shows: `net/vm100/ifalias`, `sys/net/ipv4/…`, `inside`. */
  shows(name: string, text: string): void {
    fs.mkdirSync(dirname(this.path(name)), { recursive: true });
    fs.writeFileSync(this.path(name), text);
  }

  /** The files that it shows at these names and below, with their text. */
  files(names: readonly string[]): [string, string][] {
    return names.flatMap((name): [string, string][] => {
      if (!fs.existsSync(this.path(name))) return [];
      if (!fs.statSync(this.path(name)).isDirectory()) return [[name, this.read(name)]];
      return this.files(fs.readdirSync(this.path(name)).map((one) => join(name, one)));
    });
  }

  /** A thing that the host keeps. */
  keeps<Kind extends StepKind>(kind: Kind, thing: Thing<Kind>): void {
    this.shows(`state/desired/${kind}-${thing.lab}-${thing.id}.json`, keptOf(kind, thing));
    this.shows("state/level", `${PROTOCOL}\n`);
  }

  forgets(name: string): void {
    fs.rmSync(this.path(name), { recursive: true });
  }

  read(name: string): string {
    return fs.readFileSync(this.path(name), "utf8");
  }

  /** What the last program that was told something on its standard input was told. */
  said(): string {
    return this.read("said");
  }

  /** A program of this host alone. */
  runs(name: string, program: string): void {
    if (fs.lstatSync(this.path("bin")).isSymbolicLink()) {
      fs.rmSync(this.path("bin"));
      fs.mkdirSync(this.path("bin"));
      for (const fake of fs.readdirSync(fakes()))
        fs.symlinkSync(join(fakes(), fake), this.path(`bin/${fake}`));
    }
    fs.rmSync(this.path(`bin/${name}`), { force: true });
    fs.writeFileSync(this.path(`bin/${name}`), program, { mode: 0o755 });
  }

  /** From now on ovs-vsctl refuses every change with this message. */
  refuses(message: string): void {
    fs.writeFileSync(this.path("refused"), message);
  }

  /** @param stdin of `apply`, `remove` and `observe`: what the step's component is given (made.ts), the envelope, or text */
  guest(words: readonly string[], stdin: object | string = ""): Answer {
    const input = typeof stdin === "string" ? stdin : inputOf(words[1] as StepKind, stdin as Thing);
    return this.run([...this.sh.split(" "), this.path("tools/guest"), ...words], input);
  }

  /** Lines of shell, after the tools' functions and in their shell. In a file: they are longer than an argument may be (execve(2)). */
  shell(lines: string, input = ""): Answer {
    const functions = fs.readFileSync(this.path("tools/guest"), "utf8").replace(/^main "\$@"\nexit\n$/m, "");
    const file = this.path(`shell-${this.shells++}`);
    fs.writeFileSync(file, `${functions}\n${lines}`);
    return this.run([...this.sh.split(" "), file], input);
  }

  private run([program = "", ...words]: string[], input: string): Answer {
    const env = {
      FAKE: this.folder,
      NAP: this.nap,
      PATH: "/usr/bin:/bin",
      VXLAB_STATE: this.path("state"),
      VXLAB_TOOLS: this.path("tools"),
      VXLAB_LOCK: this.path("lock"),
      VXLAB_LOCK_WAIT: "1",
      VXLAB_NET: this.path("net"),
      VXLAB_SYSCTL: this.path("sys"),
      VXLAB_MODULES: this.path("modules"),
      VXLAB_CGROUPS: this.path("cgroups"),
      VXLAB_PROC: this.path("proc"),
      VXLAB_RESOLV: this.path("resolv.conf"),
      VXLAB_DOCKER: this.path("docker.sock"),
      VXLAB_FRR: this.path("frr"),
      VXLAB_FRR_RUN: this.path("run-frr"),
      VXLAB_FRR_ETC: this.path("etc-frr"),
      VXLAB_SETTLE: "0",
      VXLAB_BOOT_PAUSES: this.pauses,
      VXLAB_SETTLES: "60",
      VXLAB_BAKED: this.path("baked"),
    };
    const { status, stdout, stderr, error } = spawnSync(program, words, {
      env,
      input,
      encoding: "utf8",
      timeout: 20_000,
    });
    if (error !== undefined && stdout === null) throw error;
    return { code: status, stdout, stderr };
  }

  /** How the fakes were called since the last time this was asked: every program, without the patience of ovs-vsctl. */
  everything(): string[][] {
    const patience = /^--(retry|timeout=60)$/;
    return this.recorded().map((call) => call.filter((word) => !patience.test(word)));
  }

  /** The same of one program, word by word. */
  calls(program = "ovs-vsctl"): string[][] {
    return this.recorded().flatMap(([name, ...words]) => (name === program ? [words] : []));
  }

  private recorded(): string[][] {
    const file = this.path("calls");
    const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
    fs.rmSync(file, { force: true });
    const calls = text.split("\x1e").filter((call) => call !== "");
    return calls.map((call) => call.split("\0").slice(0, -1));
  }

  /** The calls that change something, without the patience that each has. */
  changes(): string[][] {
    const reading = /^(find|list|get|br-exists|port-to-br)$/;
    return this.calls()
      .filter((words) => !words.some((word) => reading.test(word)))
      .map((words) => words.slice(2));
  }

  /** Names of the desired states that are kept for the next boot. */
  kept(): string[] {
    const folder = this.path("state/desired");
    return fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
  }
}
