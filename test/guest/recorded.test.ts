/**
 * A host that an older version left boots with the tools of now. It is left here by that version itself: its own tools, on a fake host, were
 * given what its steps sent (test/upgrade).
 */
import { cpSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PROTOCOL } from "../../guest/protocol";
import { THINGS } from "../../guest/things";
import { VERSIONS } from "../upgrade/versions";
import { FakeHost } from "./fake-host";
import { recordedSteps, recordedTools, type RecordedStep } from "./recorded";

/** With a gateway that lends addresses, a port for each way to flood, and containers. */
const HOST = "192.168.10.156";
const ORDER = Object.keys(THINGS);
const LEFT = ["state/desired", "state/secrets", "state/level"];

function stepsOf(version: string): { first: RecordedStep; steps: RecordedStep[]; lab: string } {
  const own = recordedSteps(version, "machines").filter(({ host }) => host === HOST);
  const steps = own.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  const [first] = steps;
  if (first === undefined) throw new Error(`${version} has no step on ${HOST}`);
  return { first, steps, lab: String(/"lab":"(\w+)"/.exec(first.stdin)?.[1]) };
}

/** In place of dnsmasq, a process that is called as it is, and ends by itself; setsid's last word is the service. */
const SERVES = `
for id in "$@"; do :; done
folder=$FAKE/state/services/$id
sh -c 'sleep 9; :' "$folder/dnsmasq.conf" x </dev/null >/dev/null 2>&1 &
echo $! >"$folder/dnsmasq.pid"
`;

/** @param script its tools. @default those of now */
function hostOf(shell: string, script?: string): FakeHost {
  const host = new FakeHost(shell, script);
  host.shows("addresses", `2: eth0    inet ${HOST}/24 scope global eth0\n`);
  host.shows("sys/net/ipv4/igmp_max_memberships", "20\n");
  host.shows("loop.sh", SERVES);
  host.shows("table", "");
  for (const device of ["vxbr", "gw-red", "eth0"])
    for (const name of ["forwarding", "arp_ignore"]) host.shows(`sys/net/ipv4/conf/${device}/${name}`, "0\n");
  for (const name of ["address", "mtu"]) host.shows(`net/gw-red/${name}`, "1450\n");
  return host;
}

function bridged(host: FakeHost, lab: string): void {
  host.shows("owner", `vxbr vxlab=${lab}\n`);
  for (const name of ["address", "mtu"]) host.shows(`net/vxbr/${name}`, "1450\n");
}

const left = new Map<string, FakeHost>();

function leftBy(version: string): FakeHost {
  const host = left.get(version) ?? applied(version);
  left.set(version, host);
  return host;
}

/** Its bridge is made first: an interface of that name that was there would be somebody else's. */
function applied(version: string): FakeHost {
  const { first, steps, lab } = stepsOf(version);
  const host = hostOf("dash", recordedTools(first));
  for (const { kind, stdin } of steps) {
    const name = kind === "container" ? /"name":"(\w+)"/.exec(stdin)?.[1] : undefined;
    if (name !== undefined) host.shows(`state/containers/${name}/rootfs/etc/hostname`, "");
    expect([kind, host.guest(["apply", kind], stdin).code]).toEqual([kind, 0]);
    if (kind === "bridge") bridged(host, lab);
  }
  return host;
}

/** The same host, with the tools of now. */
function rebooted(from: FakeHost, shell: string, lab: string): FakeHost {
  const host = hostOf(shell);
  cpSync(from.path("state"), host.path("state"), { recursive: true });
  bridged(host, lab);
  return host;
}

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  it.each(Object.keys(VERSIONS))(
    "a host of %s boots into what a step of now keeps of the same",
    (version) => {
      const { steps, lab } = stepsOf(version);
      const left = leftBy(version);
      const [booted, stepped] = [rebooted(left, shell, lab), rebooted(left, shell, lab)];
      expect(booted.guest(["boot"])).toEqual({ code: 0, stdout: "", stderr: "" });
      for (const { kind, stdin } of steps) {
        const { code, stderr } = stepped.guest(["apply", kind], stdin.split("\n", 1)[0]);
        expect([kind, code, stderr]).toEqual([kind, 0, ""]);
      }
      const kept = new Map(booted.files(LEFT));
      expect(kept).toEqual(new Map(stepped.files(LEFT)));
      expect(kept.get("state/level")).toBe(`${PROTOCOL}\n`);
      // Nothing is left out, and everything is in the form and under the name of now.
      const desired = [...kept].filter(([name]) => name.startsWith("state/desired/"));
      expect(desired.length).toBe(steps.length);
      for (const [name, text] of desired) {
        const { v, id, lab: whose } = JSON.parse(text) as Record<string, unknown>;
        expect([v, whose, name]).toEqual([
          PROTOCOL,
          lab,
          expect.stringContaining(`-${lab}-${String(id)}.json`),
        ]);
      }
    },
  );
});

it("the oldest ones kept their things in another form, under other names", () => {
  const [oldest = "", second = ""] = Object.keys(VERSIONS);
  expect(leftBy(oldest).kept()).toContain("bridge-lab-kvm1-vxbr.json");
  for (const [, text] of leftBy(second).files(["state/desired"]))
    expect(JSON.parse(text)).not.toHaveProperty("v");
});
