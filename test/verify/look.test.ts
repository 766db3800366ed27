/** What a look at a host says: files, tools, and what the guest tools have found. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { LabOutput } from "../../plan/contract";
import { nextRepair } from "../../guest/repair";
import { pack } from "../../guest/pack";
import { readLook, repairsOf } from "../../verify/look";
import type { KnownStep } from "../../verify/look";

const sum = (text: string) => createHash("sha256").update(text).digest("hex");
const SCRIPT = "set -eu\nmain\n";
const lab = {
  id: "00c0ffee",
  hosts: [{ name: "kvm1", ports: [{ vni: 100, segment: "red" }] }],
  services: [{ device: "gw-red", segment: "red", host: "kvm1" }],
  containers: [],
} as unknown as LabOutput;

const state = (name: string, v = 3) => JSON.stringify({ v, id: name, lab: "00c0ffee", state: {} });
const step = (kind: string, name: string, key: string, more = ""): KnownStep => ({
  ...{ kind, name, key },
  stdin: `${state(name)}${more}`,
});
const SENT = `#!/bin/sh\n${SCRIPT}`;
const BRIDGE = step("bridge", "lab-kvm1-vxbr", "vxbr", `\n${pack(SENT)}\n`);
const PORT = step("port", "lab-kvm1-red", "100");
const SERVICE = step("service", "lab-kvm1-red-service", "gw-red");
const C1 = step("container", "lab-c1", "c1", '\n{"env":["A=secret"]}');
const steps = [BRIDGE, PORT, SERVICE, C1];

const CHANGED = "bridge vxbr [lab-kvm1-vxbr]: the guest tools were changed: /usr/lib/vxlab/guest";

interface Host {
  own?: KnownStep[];
  sums?: string[];
  tools?: string;
  found?: object[];
  code?: number;
}

const line = (folder: string, { kind, name }: KnownStep, text: string) =>
  `${sum(`${text}\n`)}  ${folder}/${kind}-00c0ffee-${name}.json`;
const sumOf = (one: KnownStep) => line("desired", one, one.stdin.split("\n")[0] ?? "");
const SECRETS = line("secrets", C1, '{"env":["A=secret"]}');
const GOOD = [...steps.map(sumOf), SECRETS];

function looked({ own = steps, sums = GOOD, tools = sum(SCRIPT), found = [], code = 0 }: Host = {}) {
  const text = [
    "== sums",
    ...sums,
    "== tools",
    `${tools}  -`,
    "== found",
    ...found.map((one) => JSON.stringify(one)),
    `== code ${code}`,
  ].join("\n");
  const { differences, foreign } = readLook(text, { lab, host: "kvm1", steps: own });
  return [
    ...differences.map(({ thing, step: name, found: what }) => `${thing} [${name}]: ${what}`),
    ...foreign.map((what) => `foreign: ${what}`),
  ];
}

const without = (one: string) => GOOD.filter((other) => other !== one);

describe("a host that is as the state has it", () => {
  it("has no difference", () => expect(looked()).toEqual([]));

  it("has none with tools that an older vxlab sent as they are", () => {
    const old = { ...BRIDGE, stdin: `${state("lab-kvm1-vxbr")}\n${SENT}` };
    const own = [old, ...steps.filter((one) => one !== BRIDGE)];
    expect([looked({ own }), looked({ own, tools: sum("other") })]).toEqual([[], [CHANGED]]);
  });

  it("has none with the tools of another lab that is there too", () => {
    const other = `${sum("x")}  desired/bridge-00c0ffef-lab-kvm1-vxbr.json`;
    expect(looked({ sums: [...GOOD, other], tools: sum("other") })).toEqual([]);
  });
});

describe("what was changed by hand", () => {
  const file = "/var/lib/vxlab/desired/port-00c0ffee-lab-kvm1-red.json";
  it.each<[string, Host, string[]]>([
    [
      "a file is gone",
      { sums: without(sumOf(PORT)) },
      ["segment red [lab-kvm1-red]: its desired state is missing: it does not start after a reboot"],
    ],
    [
      "a file is another",
      { sums: [...without(sumOf(PORT)), line("desired", PORT, "{}")] },
      [`segment red [lab-kvm1-red]: its desired state was changed: ${file}`],
    ],
    [
      "secrets are others",
      { sums: [...without(SECRETS), line("secrets", C1, "{}")] },
      [
        "container c1 [lab-c1]: its secrets were changed: /var/lib/vxlab/secrets/container-00c0ffee-lab-c1.json",
      ],
    ],
    [
      "secrets where there are none",
      { sums: [...GOOD, line("secrets", SERVICE, "{}")] },
      [
        "service of red [lab-kvm1-red-service]: its secrets were changed: /var/lib/vxlab/secrets/service-00c0ffee-lab-kvm1-red-service.json",
      ],
    ],
    ["tools are others", { tools: sum("other") }, [CHANGED]],
    [
      "tools are gone",
      { tools: "", code: 127 },
      [
        "bridge vxbr [lab-kvm1-vxbr]: the guest tools of this host do not run",
        "bridge vxbr [lab-kvm1-vxbr]: the guest tools are missing: /usr/lib/vxlab/guest",
      ],
    ],
    [
      "what the tools say, of its thing; what is the whole host's, of its bridge; another lab's not at all",
      {
        found: [
          { of: "port", lab: "00c0ffee", step: "lab-kvm1-red", found: "tunnel vx100-c0a80ade is missing" },
          {
            of: "nat",
            lab: "00c0ffee",
            step: "lab-kvm1-red-service",
            found: "gw-red: nothing is translated",
          },
          { of: "guard", found: "host guard: the table is missing" },
          { of: "port", lab: "00c0ffef", step: "lab-kvm1-red", found: "tunnel vx101-c0a80ade is missing" },
          { of: "anything", lab: "00c0ffee", step: "lab-c1", found: "a kind that nobody knows here" },
          { of: "foreign", found: "port tap7 on vxbr" },
        ],
      },
      [
        "segment red [lab-kvm1-red]: tunnel vx100-c0a80ade is missing",
        "service of red [lab-kvm1-red-service]: nothing is translated",
        "bridge vxbr [lab-kvm1-vxbr]: host guard: the table is missing",
        "container c1 [lab-c1]: a kind that nobody knows here",
        "foreign: port tap7 on vxbr",
      ],
    ],
    [
      "a thing of this lab that no step has",
      { sums: [...GOOD, `${sum("x")}  desired/container-00c0ffee-lab-c9.json`] },
      ["foreign: container-00c0ffee-lab-c9.json belongs to this lab, but to no step of its stack"],
    ],
  ])("%s", (_, host, said) => expect(looked(host)).toEqual(said));

  it("an answer that was cut short is none", () => {
    expect(() => readLook("== sums\n", { lab, host: "kvm1", steps })).toThrow("incomplete");
  });
});

describe("Docker that does not answer", () => {
  it("is one difference, and its containers are put right by their steps", () => {
    const [one, two] = ["w1", "w2"].map((name) => step("container", `lab-${name}`, name)) as [
      KnownStep,
      KnownStep,
    ];
    const said = [one, two].map(({ name }) => ({
      ...{ of: "container", lab: "00c0ffee", step: name },
      found: "docker does not answer",
    }));
    const text = [
      "== sums",
      sumOf(one),
      sumOf(two),
      "== tools",
      "== found",
      ...said.map((line) => JSON.stringify(line)),
      "== code 0",
    ];
    const { differences } = readLook(text.join("\n"), { lab, host: "kvm1", steps: [one, two] });
    const found = "does not answer: container w1, container w2 not known";
    expect(differences).toEqual([{ host: "kvm1", thing: "Docker", found, steps: ["lab-w1", "lab-w2"] }]);
    expect(repairsOf(differences)).toEqual({ "lab-w1": `Docker ${found}`, "lab-w2": `Docker ${found}` });
  });
});

describe("a repair", () => {
  it("names what is wrong with a step, a few of many", () => {
    const found = ["a", "b", "c", "d", "e"].map((text) => ({
      ...{ host: "kvm1", thing: "bridge vxbr", step: "s" },
      found: text,
    }));
    expect(repairsOf([...found, { host: "kvm1", thing: "machine", found: "is paused" }])).toEqual({
      s: "a; b; c; 2 more",
    });
  });

  it.each([
    [undefined, undefined, undefined],
    [undefined, "a", "a"],
    ["a", undefined, "a"],
    ["a", "b", "b"],
    ["a", "a", "a (2)"],
    ["a (2)", "a", "a (3)"],
    ["a (2)", undefined, "a (2)"],
    ["a (2)", "b", "b"],
  ])("is another text for another fault, and stays without one: %s, %s", (before, now, next) => {
    expect(nextRepair(before, now)).toBe(next);
  });
});
