/** The scripts that verify sends to hosts, run here with stand-ins for ovs-vsctl, nsenter, ping and the like. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { LabOutput } from "../../plan/contract";
import { ContainerKind } from "../../plan/types";
import { parsePings, pingsCommand } from "../../verify/evidence/pings";
import { PART_NAMES, parseProbe, probeCommand } from "../../verify/evidence/probe";
import { scriptText } from "../../verify/evidence/scripts";
import { captureArguments } from "../../verify/evidence/wire";
import { fabricLab } from "../cli/fixture";
import { programs } from "../lib/fake-path";
import { temporary } from "../lib/temporary";

/** What ping says when ARP gave up. Its errors count for -c as answers do. */
const UNREACHABLE =
  "From 10.0.3.10 icmp_seq=1 Destination Host Unreachable\n2 packets transmitted, 0 received, +2 errors";

let dir: string;
let environment: NodeJS.ProcessEnv;

/** Without its own PATH, so that the stand-ins are found. */
const withoutPath = (text: string): string => text.replace(/^PATH=.*$/m, "");

/** A host's probe, of a lab with these services and containers. */
function probe(bridge: string, services: readonly string[], boxes: readonly string[], change = withoutPath) {
  const [host] = fabricLab().hosts;
  const lab: LabOutput = {
    ...fabricLab(),
    services: services.map((device) => ({ device, host: host.name }) as LabOutput["services"][number]),
    containers: boxes.map((box) => {
      const [kind, name] = box.split("/");
      return { kind, name, host: host.name } as LabOutput["containers"][number];
    }),
  };
  const command = probeCommand(lab, { ...host, bridge: { ...host.bridge, name: bridge } }, PART_NAMES);
  return spawnSync("sh", ["-c", change(command)], { env: environment, encoding: "utf8" });
}

beforeAll(() => {
  dir = temporary("scripts");
  mkdirSync(join(dir, "tmp"));
  environment = { PATH: `${dir}:${process.env["PATH"]}`, TMPDIR: join(dir, "tmp"), LOG: join(dir, "log") };
  const standIns = {
    "ovs-vsctl": `for _ in 1 2 3; do echo '{"data":[],"headings":[]}'; done`,
    docker: `case "$1" in ps) echo aa; echo bb ;; inspect) [ "$*" = "$1 $2 $3 aa bb" ] && printf 'docker /vxlab-c3 running 77 lab-c3\ndocker /web running 90 \n' ;; esac`,
    ip: `case "$*" in *vxlan) ;; *vxbr | *gw-red) echo '[{"mtu":1450,"address":"0a:00:00:00:00:01","flags":["UP"]}]' ;; *) echo "Device does not exist." >&2; exit 1 ;; esac`,
    "lxc-info": `case "$4" in c1) printf 'State:          RUNNING\\nPID:            328\\n' ;; c2) printf 'State:          STOPPED\\n' ;; *) echo "$4 doesn't exist" >&2; exit 1 ;; esac`,
    nsenter: `echo "$*" >>"$LOG"; case "$*" in *" -w 9 "*10.0.3.98) [ "$(grep -c 10.0.3.98 "$LOG")" = 2 ] && echo "2 packets transmitted, 2 received" || echo "${UNREACHABLE}" ;; *" ping "*10.0.3.99) echo "${UNREACHABLE}" ;; *" ping "*) echo "1 packets transmitted, 1 received" ;; *) echo '[{"mtu":1450}]' ;; esac`,
    tcpdump: `trap 'echo ended; exit 0' TERM; echo "$*"; [ "$1" != fail ] || exit 4; while :; do sleep 0.05; done`,
  };
  for (const [name, body] of Object.entries(standIns)) {
    writeFileSync(join(dir, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(dir, name), 0o755);
  }
});

function sh(file: string, args: readonly string[]) {
  rmSync(join(dir, "log"), { force: true });
  const { status, stdout } = spawnSync("sh", ["-c", withoutPath(scriptText(file)), "vxlab", ...args], {
    env: environment,
    encoding: "utf8",
  });
  const calls = existsSync(join(dir, "log")) ? readFileSync(join(dir, "log"), "utf8").trim().split("\n") : [];
  return { status, stdout, calls };
}

describe("a probe", () => {
  it("shows containers that run, that do not, and that are not there", () => {
    const boxes = ["lxc/c1", "lxc/c2", "docker/c3", "lxc/c4", "docker/c5"];
    const facts = parseProbe(probe("vxbr", ["gw-red", "gw-9"], boxes).stdout);
    const states = [...facts.containers].map(([name, { state, pid }]) => `${name} ${state} ${pid}`);
    expect(states).toEqual(["c1 RUNNING 328", "c2 STOPPED 0", "c3 RUNNING 77", "c4 ABSENT 0", "c5 ABSENT 0"]);
    expect(facts.bridge?.mtu).toBe(1450);
    expect([...facts.services.keys()]).toEqual(["gw-red"]);
    expect(facts.trouble.get("service gw-9")).toBe("Device does not exist.");
    expect(facts.vxlans?.size).toBe(0);
    expect(facts.ports?.size).toBe(0);
  });

  it("lists every file of desired state that is whole, and every container that runs, whoever started it", () => {
    const state = join(dir, "state");
    mkdirSync(join(state, "desired"), { recursive: true });
    const keep = (name: string, text: string) => writeFileSync(join(state, "desired", name), text);
    keep(
      "bridge-lab-kvm1-vxbr.json",
      '{"id":"lab-kvm1-vxbr","lab":"cafe0001","name":"vxbr","mac":"0a:00:00:00:00:01"}\n',
    );
    keep(
      "port-lab-kvm1-red.json",
      '{"id":"lab-kvm1-red","lab":"cafe0001","bridge":"vxbr","vni":100,"remotes":[{"name":"vx"}]}\n',
    );
    keep("service-a-b.json", '{"id":"a-b","lab":"beef0002","bridge":"vxbr","device":"gw-red"}\n');
    keep(
      "container-lab-c1.json",
      '{"id":"lab-c1","lab":"cafe0001","name":"c1","interfaces":[{"name":"eth0"}]}\n',
    );
    keep("container-lab-c2.json", '{"id":"lab-c2","lab":"cafe');
    keep("container-lab-c3.json", "");
    const boxes = join(dir, "cgroup");
    for (const name of ["lxc.payload.c1", "lxc.payload.dev", "lxc.monitor.c1"])
      mkdirSync(join(boxes, name), { recursive: true });
    const { stdout } = probe("vxbr", [], ["docker/c3"], (text) =>
      withoutPath(text).replaceAll("/var/lib/vxlab", state).replaceAll("/sys/fs/cgroup", boxes),
    );
    const { kept, boxes: found } = parseProbe(stdout);
    expect(kept?.map(({ kind, step, lab, key }) => `${kind} ${step} ${lab} ${key}`)).toEqual([
      "bridge lab-kvm1-vxbr cafe0001 vxbr",
      "container lab-c1 cafe0001 c1",
      "port lab-kvm1-red cafe0001 100",
      "service a-b beef0002 gw-red",
    ]);
    expect(found?.map(({ kind, name, state: now, step = "-" }) => `${kind} ${name} ${now} ${step}`)).toEqual([
      "lxc c1 RUNNING -",
      "lxc dev RUNNING -",
      "docker vxlab-c3 RUNNING lab-c3",
      "docker web RUNNING -",
    ]);
  });

  it("goes on when something is missing", () => {
    const { status, stdout } = probe("br9", [], []);
    expect(status).toBe(0);
    const trouble = Object.fromEntries(parseProbe(stdout).trouble);
    expect(trouble).toMatchObject({ bridge: "Device does not exist." });
    expect(trouble["drift"], "there are no guest tools here").toContain("not found");
  });

  it("asks for no more than what is wanted, with each part's own words", () => {
    const lab = fabricLab();
    const words = (...parts: typeof PART_NAMES) =>
      [...probeCommand(lab, lab.hosts[0], parts).matchAll(/^set --(.*)$/gm)].map(([, text]) => text);
    expect(words("links", "containers")).toEqual([
      " vxbr gw-green",
      ` '\\''${Object.values(ContainerKind).join(" ")}'\\'' lxc/c1 docker/d1`,
    ]);
    expect(words("kept")).toEqual([""]);
    expect(probeCommand(lab, lab.hosts[0], ["kept"])).not.toContain("ovs-vsctl");
  });
});

describe("switch.sh", () => {
  it.each([
    ["waits for BFD, which takes some seconds", 3, 0, 4, "up"],
    ["does not wait for ever", 99, 0, 11, "down"],
    ["waits less for a tunnel that was up before", 99, 2, 5, "down"],
    ["asks once where all is up", 0, 0, 1, "up"],
  ])("%s", (_, down, flaps, asked, state) => {
    const log = join(dir, `asked-${down}-${flaps}`);
    const shown = (flap: number | string, now: string) =>
      `["map",[["flap_count","${flap}"],["remote_state","down"],["state","${now}"]]]`;
    const ask = `echo >>${log}; s=up f=1; [ "$(wc -l <${log})" -gt ${down} ] || s=down f=${flaps}; echo '${shown("'$f'", "'$s'")}'`;
    const path = programs({ "ovs-vsctl": ask, sleep: "" });
    const { stdout } = spawnSync("/bin/sh", ["-c", scriptText("switch.sh")], {
      env: { PATH: `${path}:${process.env["PATH"]}` },
      encoding: "utf8",
    });
    expect(stdout).toBe(`== ovs\n${shown(state === "up" ? 1 : flaps, state)}\n`);
    expect(readFileSync(log, "utf8").length).toBe(asked);
  });
});

describe("pings.sh", () => {
  it("calls ping in the container's network, each way as it must be", () => {
    const jobs = [
      ["ping/c1/c2", "11", "reach", "10.0.3.11", "0", "eth0"],
      ["mtu/c1/c2/1450", "12", "fits", "10.0.3.11", "1450", "eth0"],
      ["mtu/c1/c2/1451", "13", "too-big", "10.0.3.11", "1451", "eth0"],
      ["mtu/c1/c2/blue/1450", "15", "fits", "fd00:3::11", "1450", "eth1.20"],
      ["delay/slow", "16", "timed", "10.0.3.11", "0", "eth0"],
      ["isolation/c1/d1", "14", "isolated", "10.0.4.10", "0", "eth1.20"],
    ];
    const { status, stdout, calls } = sh("pings.sh", ["4", ...jobs.flatMap((job) => [...job, "6"])]);
    expect(status).toBe(0);
    expect(calls.sort()).toEqual([
      "-t 11 -n ping -n -c 2 -i 0.2 -w 6 10.0.3.11",
      "-t 12 -n ping -n -c 1 -w 6 -M do -s 1422 10.0.3.11",
      "-t 13 -n ping -n -c 1 -W 2 -M do -s 1423 10.0.3.11",
      "-t 14 -n ip neigh flush to 10.0.4.10 dev eth1.20",
      "-t 14 -n ip neigh show to 10.0.4.10 dev eth1.20",
      "-t 14 -n ping -n -c 1 -w 2 -I eth1.20 10.0.4.10",
      "-t 15 -n ping -n -c 1 -w 6 -M do -s 1402 fd00:3::11",
      "-t 16 -n ping -n -c 5 -i 0.3 -w 6 10.0.3.11",
    ]);
    expect([...parsePings(stdout).keys()]).toEqual(jobs.map(([id]) => id));
    expect(readdirSync(join(dir, "tmp"))).toEqual([]);
  });

  it("sends more than a batch, and answers each", () => {
    const jobs = Array.from({ length: 30 }, (_, i) => [
      `ping/c${i}/x`,
      String(i + 1),
      "reach",
      "10.0.3.1",
      "0",
      "eth0",
    ]);
    const answers = parsePings(sh("pings.sh", ["4", ...jobs.flatMap((job) => [...job, "6"])]).stdout);
    expect(answers.size).toBe(30);
    expect([...answers.values()].every(({ fate }) => fate === "answered")).toBe(true);
  });

  it("asks once more, and not for ever, where ARP gave up early", () => {
    const reach = (id: string, to: string) => [id, "11", "reach", to, "0", "eth0", "9"];
    const { stdout, calls } = sh("pings.sh", [
      "1",
      ...reach("late", "10.0.3.98"),
      ...reach("dead", "10.0.3.99"),
    ]);
    const fates = [...parsePings(stdout)].map(([id, { fate }]) => `${id}: ${fate}`);
    expect(fates).toEqual(["late: answered", "dead: no answer"]);
    // Two, and three: each gave up after three of nine seconds.
    expect(calls.length).toBe(5);
  });

  it("is not sent at all for containers that do not run", () => {
    const ping = {
      name: "ping/c1/c2",
      host: "kvm1",
      from: "c1",
      nic: "eth0",
      to: "10.0.3.11",
      mode: "reach" as const,
    };
    const stopped = new Map([["c1", { state: "STOPPED", pid: 0 }]]);
    const facts = { containers: stopped, services: new Map(), trouble: new Map() };
    expect(pingsCommand([ping], facts, 4, 6)).toBeUndefined();
    const alive = { ...facts, containers: new Map([["c1", { state: "RUNNING", pid: 328 }]]) };
    expect(pingsCommand([ping], alive, 4, 6)).toMatch(
      / vxlab 4 ping\/c1\/c2 328 reach 10\.0\.3\.11 0 eth0 6$/,
    );
  });
});

describe("tcpdump.sh", () => {
  function start(...args: string[]) {
    const child = spawn("sh", ["-c", withoutPath(scriptText("tcpdump.sh")), "vxlab", ...args], {
      env: environment,
    });
    let text = "";
    child.stdout.on("data", (data: Buffer) => (text += data.toString()));
    const done = new Promise<{ code: number | null; text: string }>((resolve) =>
      child.once("close", (code) => resolve({ code, text })),
    );
    const begun = new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
    return { child, done, begun };
  }

  it("ends tcpdump when its own standard input ends, and hands the arguments on", async () => {
    const { child, done, begun } = start("0", "-i", "eth0", "udp port 4789");
    await begun;
    child.stdin.end();
    expect(await done).toEqual({ code: 0, text: "-i eth0 udp port 4789\nended\n" });
  });

  it("ends by itself when the time is up, though nobody has left", async () => {
    const { child, done } = start("1", "-i", "eth0");
    expect((await done).code).toBe(0);
    child.stdin.end();
  });

  it("passes tcpdump's own failure on", async () => {
    const { child, done } = start("0", "fail");
    expect((await done).code).toBe(4);
    child.stdin.end();
  });
});

describe("the filter for VXLAN with ICMP in it", () => {
  // tcpdump is a requirement of `vxlab test`; without it there is nothing to ask.
  const tcpdump = spawnSync("tcpdump", ["--version"]).status === 0;

  it.runIf(tcpdump).each(["192.168.10.222", "fd00:10::222"])(
    "is one that libpcap takes, at %s",
    (address) => {
      const filter = captureArguments({ address }).at(-1) ?? "";
      const { status, stderr } = spawnSync("tcpdump", ["-y", "EN10MB", "-d", filter], { encoding: "utf8" });
      expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    },
  );
});
