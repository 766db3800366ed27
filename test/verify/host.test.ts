/** Verdicts on a host as a whole, and what they have applied again. */
import { describe, expect, it } from "vitest";
import { stepsOf } from "../../cli/state/steps";
import { buildChecks } from "../../verify/registry";
import { faultsOf } from "../../verify/faults";
import { heal, repairsOf } from "../../cli/access/heal";
import { judge } from "../../verify/judge";
import type { HostFacts, KeptFacts, PortFacts } from "../../verify/evidence/facts";
import { ContainerKind } from "../../plan/types";
import { hostsThat } from "./asked";
import { factsOf, good } from "./evidence";
import { fabricLab } from "../cli/fixture";
import { world } from "../cli/world";

const lab = fabricLab();
const port: PortFacts = {
  type: "",
  ofport: 8,
  error: "",
  protected: false,
  trunks: [],
  bridge: "vxbr",
  options: {},
};
const plug: PortFacts = { ...port, tag: 0 };
const file = (kind: string, key: string, of = lab.id): KeptFacts => ({
  kind,
  step: `lab-${key}`,
  lab: of,
  key,
});

/** What fails on kvm1, with its facts changed, and what has to be applied again. */
function looked(change: (facts: HostFacts) => Partial<HostFacts>) {
  const facts = factsOf(lab, "kvm1");
  const evidence = { ...good(lab) };
  const hosts = new Map([...evidence.hosts, ["kvm1", { facts: { ...facts, ...change(facts) } }]]);
  const checks = buildChecks(lab);
  const results = checks.map((check) => judge(check, { ...evidence, hosts }));
  const things = faultsOf(checks, results, { ...evidence, hosts });
  return {
    red: results.filter(({ ok }) => !ok).map(({ name, got }) => `${name}: ${got}`),
    foreign: results.find(({ name }) => name === "foreign/kvm1")?.got,
    again: things.map(({ host, kind, key, step }) => [host, kind, key ?? step ?? "all"].join(" ")),
  };
}

const without = (kind: string, key: string) => (facts: HostFacts) => ({
  kept: facts.kept?.filter((one) => one.kind !== kind || one.key !== key),
});
const withPort = (name: string, change: Partial<PortFacts>) => (facts: HostFacts) => {
  const old = facts.ports?.get(name);
  if (old === undefined) throw new Error(name);
  return { ports: new Map([...(facts.ports ?? []), [name, { ...old, ...change }]]) };
};

describe("a host on which something is not as planned", () => {
  it.each<[string, (facts: HostFacts) => Partial<HostFacts>, string[], string[]]>([
    [
      "desired state of a container is gone",
      without("container", "c1"),
      ["kept/kvm1: missing: container c1"],
      ["kvm1 container c1"],
    ],
    [
      "desired state of a port is gone",
      without("port", "100"),
      ["kept/kvm1: missing: port of VNI 100"],
      ["kvm1 port 100"],
    ],
    [
      "another lab's file of that name is none",
      (facts) => ({
        kept: facts.kept?.map((one) => (one.key === "c1" ? { ...one, lab: "beef0002" } : one)),
      }),
      ["kept/kvm1: missing: container c1"],
      ["kvm1 container c1"],
    ],
    [
      "a flow that nobody planned",
      () => ({
        drift: [
          { of: "flows", lab: lab.id, step: "lab-kvm1-200", found: "bf200: flow is not in the plan: x" },
        ],
      }),
      ["drift/kvm1: bf200: flow is not in the plan: x"],
      ["kvm1 port lab-kvm1-200"],
    ],
    [
      "no NAT and no dnsmasq",
      () => ({
        drift: [
          { of: "nat", lab: lab.id, step: "lab-kvm1-gw-green", found: "gw-green: the nft table is missing" },
          { of: "dhcp", lab: lab.id, step: "lab-kvm1-gw-green", found: "gw-green: dnsmasq does not run" },
        ],
      }),
      ["service/green: gw-green: the nft table is missing; gw-green: dnsmasq does not run"],
      ["kvm1 service gw-green"],
    ],
    [
      "the host's guard is open",
      () => ({ drift: [{ of: "guard", found: "table inet vxlab_guard is missing" }] }),
      ["drift/kvm1: table inet vxlab_guard is missing"],
      ["kvm1 bridge all"],
    ],
    [
      "port security is off",
      () => ({ drift: [{ of: "security", found: "v-c1 has no flows" }] }),
      ["drift/kvm1: v-c1 has no flows"],
      ["kvm1 bridge all"],
    ],
    [
      "guest tools of another version",
      () => ({ drift: undefined, trouble: new Map([["drift", "vxlab: usage: guest apply|remove"]]) }),
      [
        "drift/kvm1: the host has the guest tools of another vxlab: run ./vxlab up",
        "service/green: the host has the guest tools of another vxlab: run ./vxlab up",
      ],
      ["kvm1 service gw-green"],
    ],
    [
      "a container's port in another VLAN",
      withPort("v-c1", { tag: 30 }),
      ["container/c1: RUNNING, port v-c1 carries VLAN 30 instead of untagged frames"],
      ["kvm1 container c1"],
    ],
    [
      "a container's port that carries tagged frames as well",
      withPort("v-c1", { vlanMode: "native-untagged" }),
      ["container/c1: RUNNING, port v-c1 has vlan_mode=native-untagged"],
      ["kvm1 container c1"],
    ],
    [
      "a tunnel in another VLAN",
      withPort("vx100-c0a80ade", { tag: 20 }),
      ["tunnel/kvm1/vx100-c0a80ade: port vx100-c0a80ade carries VLAN 20 instead of untagged frames"],
      ["kvm1 port 100"],
    ],
    [
      "a flow segment's patch on another bridge",
      withPort("pf200", { bridge: "br9" }),
      ["tunnel/kvm1/pf200: port pf200 is on br9, not on vxbr"],
      ["kvm1 port 200"],
    ],
    [
      "a multicast device in another VLAN",
      withPort("vm300", { tag: 0 }),
      ["tunnel/kvm1/vm300: port vm300 carries untagged frames instead of VLAN 30"],
      ["kvm1 port 300"],
    ],
    [
      "a gateway in another VLAN",
      withPort("gw-green", { tag: 20 }),
      ["service/green: port gw-green carries VLAN 20 instead of VLAN 30"],
      ["kvm1 service gw-green"],
    ],
    [
      "a bridge that carries all VLANs",
      withPort("vxbr", { tag: undefined }),
      ["bridge/kvm1/vxbr: port vxbr has no VLAN tag: it carries the frames of every segment"],
      ["kvm1 bridge vxbr"],
    ],
  ])("%s", (_, change, red, again) => {
    expect(looked(change)).toMatchObject({ red, again });
  });

  it("a container that the plan has elsewhere is at fault, and left to its owner", () => {
    const found = looked(({ kept = [], boxes = [], ports }) => ({
      kept: [...kept, file("container", "c2")],
      boxes: [...boxes, { kind: ContainerKind.Lxc, name: "c2", state: "RUNNING" }],
      ports: new Map([...(ports ?? []), ["v-c2", { ...plug, step: "lab-c2" }]]),
    }));
    const got = "not in the plan of this host: container c2 (running; planned on kvm2)";
    expect(found).toEqual({ red: [`foreign/kvm1: ${got}`], foreign: got, again: [] });
  });

  it.each<[string, (facts: HostFacts) => Partial<HostFacts>, string]>([
    [
      "a port of the lab",
      ({ ports }) => ({ ports: new Map([...(ports ?? []), ["v-x", { ...plug, step: "lab-x" }]]) }),
      "port v-x of lab-x",
    ],
    [
      "a bridge of the lab",
      ({ bridges }) => ({ bridges: new Map([...(bridges ?? []), ["bf9", lab.id]]) }),
      "bridge bf9",
    ],
    [
      "a segment's desired state",
      ({ kept = [] }) => ({ kept: [...kept, file("port", "900")] }),
      "port of VNI 900",
    ],
  ])("%s that no plan has", (_, change, what) => {
    expect(looked(change).red).toEqual([`foreign/kvm1: not in the plan of this host: ${what}`]);
  });

  it("what has changed of another lab on the host is that lab's to say", () => {
    const kept = [file("service", "gw-green", "beef0002"), file("port", "900", "beef0002")];
    const drift = [
      { of: "dhcp", lab: "beef0002", step: "lab-gw-green", found: "gw-green: dnsmasq does not run" },
      { of: "flows", lab: "beef0002", step: "lab-900", found: "bf900: …" },
    ];
    expect(looked((facts) => ({ kept: [...(facts.kept ?? []), ...kept], drift }))).toMatchObject({
      red: [],
      again: [],
    });
  });

  it("a port's label may have the lab's id in front of the step's name", () => {
    const found = looked(({ kept = [], ports }) => ({
      kept: [...kept, file("container", "c2")],
      ports: new Map([...(ports ?? []), ["v-c2", { ...plug, step: `${lab.id}-lab-c2` }]]),
    }));
    expect(found.red).toEqual(["foreign/kvm1: not in the plan of this host: container c2 (planned on kvm2)"]);
  });

  it("what is nobody's is named and no fault", () => {
    const found = looked(({ ports, boxes = [], kept = [] }) => ({
      ports: new Map([...(ports ?? []), ["tap0", port], ["eth7", { ...port, bridge: "br-user" }]]),
      boxes: [
        ...boxes,
        { kind: ContainerKind.Docker, name: "web", state: "RUNNING" },
        { kind: ContainerKind.Docker, name: "old", state: "exited" },
        { kind: ContainerKind.Lxc, name: "dev", state: "RUNNING" },
      ],
      kept: [...kept, file("container", "theirs", "beef0002")],
    }));
    const got = "foreign, left alone: port tap0 on vxbr, Docker container web, LXC container dev";
    expect(found).toEqual({ red: [], foreign: got, again: [] });
  });

  it("a container of the other kind under a planned name is foreign", () => {
    const found = looked(({ boxes = [] }) => ({
      boxes: [...boxes, { kind: ContainerKind.Docker, name: "c1", state: "RUNNING" }],
    }));
    expect(found.foreign).toBe("foreign, left alone: Docker container c1");
  });

  it("a host that does not answer has nothing to be applied again", () => {
    const evidence = { ...good(lab), hosts: new Map([["kvm1", { silent: "does not answer" }]]) };
    const checks = buildChecks(lab);
    expect(
      faultsOf(
        checks,
        checks.map((check) => judge(check, evidence)),
        evidence,
      ),
    ).toEqual([]);
  });
});

describe("the steps of a stack", () => {
  const hostKey = (name: string) => lab.hosts.find((host) => host.name === name)?.hostKey;
  const secret = (value: unknown) => ({
    "4dabf18193072939515e22adb298388d": "1b47",
    plaintext: JSON.stringify(value),
  });
  const step = (kind: string, stdin: unknown, host = "kvm1", more: object = {}) => ({
    type: "command:remote:Command",
    inputs: {
      ...{ create: `/usr/lib/vxlab/guest apply ${kind}`, update: `/usr/lib/vxlab/guest apply ${kind}` },
      delete: `/usr/lib/vxlab/guest remove ${kind}`,
      connection: secret({ host: "10.0.0.1", hostKey: hostKey(host) }),
      stdin: typeof stdin === "string" ? stdin : JSON.stringify(stdin),
      ...more,
    },
  });
  const state = {
    deployment: {
      resources: [
        { type: "pulumi:pulumi:Stack" },
        step("container", { id: "lab-c1", lab: lab.id, name: "c1", interfaces: [{ name: "eth0" }] }),
        step("port", { id: "lab-kvm1-red", vni: 100, remotes: [{ name: "vx" }] }),
        step(
          "service",
          secret(JSON.stringify({ id: "lab-kvm1-green-service", device: "gw-green" })),
          "kvm1",
          {
            stdin: secret(JSON.stringify({ id: "lab-kvm1-green-service", device: "gw-green" })),
          },
        ),
        step("bridge", { id: "lab-kvm1-vxbr", name: "vxbr" }, "kvm1", {
          ...{ create: "# brings the tools", update: "# brings the tools" },
          delete: "test ! -e /usr/lib/vxlab/guest || /usr/lib/vxlab/guest remove bridge",
        }),
        step("container", { id: "lab-c2", name: "c2" }, "kvm2"),
        // The check of an existing host is no step that puts something there.
        {
          type: "command:remote:Command",
          inputs: { create: "read -r mtu", stdin: "1500 10.0.0.1\n#!/bin/sh" },
        },
      ],
    },
  };
  const steps = stepsOf(state, lab);

  it("are read from its state, with what is secret in it", () => {
    expect(steps.map(({ host, kind, key, name }) => [host, kind, key, name].join(" "))).toEqual([
      "kvm1 container c1 lab-c1",
      "kvm1 port 100 lab-kvm1-red",
      "kvm1 service gw-green lab-kvm1-green-service",
      "kvm1 bridge vxbr lab-kvm1-vxbr",
      "kvm2 container c2 lab-c2",
    ]);
    expect(steps[3]?.command).toBe("# brings the tools");
    expect(JSON.parse(steps[1]?.stdin ?? "")).toMatchObject({ vni: 100 });
  });

  it("run again for what is at fault: each once, in the order of a boot, and no other", () => {
    const why = "gone";
    const repairs = repairsOf(
      [
        { host: "kvm1", kind: "container", key: "c1", why },
        { host: "kvm1", kind: "port", step: "lab-kvm1-red", why },
        { host: "kvm1", kind: "container", step: "lab-c1", why: "later" },
        { host: "kvm1", kind: "bridge", why },
        { host: "kvm1", kind: "container", key: "c9", why },
      ],
      steps,
    );
    expect(repairs.map(({ step: { name }, why: reason }) => [name, reason])).toEqual([
      ["lab-kvm1-vxbr", "gone"],
      ["lab-kvm1-red", "gone"],
      ["lab-c1", "gone"],
    ]);
  });

  it("run over SSH with their desired state on stdin, one at a time on a host; what fails is said", async () => {
    const here = world();
    const ran: string[] = [];
    const ask = (host: string, command: string, stdin = "") => {
      ran.push(`${host} ${command} < ${(JSON.parse(stdin) as { id: string }).id}`);
      const refused = command.endsWith("container");
      return { code: refused ? 1 : 0, stdout: "", stderr: refused ? "warn\nvxlab: no bridge\n" : "" };
    };
    const repairs = repairsOf(
      [
        { host: "kvm1", kind: "container", key: "c1", why: "STOPPED" },
        { host: "kvm1", kind: "port", key: "100", why: "the tunnel port does not exist" },
      ],
      steps,
    );
    expect(await heal(here.out, hostsThat({ ask }), repairs)).toBe(false);
    expect(ran).toEqual([
      "kvm1 /usr/lib/vxlab/guest apply port < lab-kvm1-red",
      "kvm1 /usr/lib/vxlab/guest apply container < lab-c1",
    ]);
    expect(here.stderr()).toBe(
      "kvm1: port of VNI 100 applied again (the tunnel port does not exist)\n" +
        "kvm1: container c1 cannot be applied again: vxlab: no bridge\n",
    );
  });
});
