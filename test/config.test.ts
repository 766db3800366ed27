import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { readConfig } from "../config";
import { TopologyError } from "../plan/errors";
import { labProblems } from "./plan/problems";
import { ed25519FromSeed } from "../plan/keys";
import { planLab } from "../plan/plan";
import { Role } from "../plan/roles";
import type { Problem } from "../plan/types";
import { reference, referenceWith } from "./plan/reference";
import { temporary } from "./lib/temporary";

/** Pulumi's own YAML reader, which brings no types. */
const yaml = createRequire(require.resolve("@pulumi/pulumi"))("js-yaml") as { load(text: string): unknown };

/** What the engine hands a program: objects as JSON, scalars as text. */
function configure(settings: Record<string, unknown>): void {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const pairs = Object.entries(settings).filter(([, value]) => value !== undefined);
  pulumi.runtime.setAllConfig(Object.fromEntries(pairs.map(([key, value]) => [key, text(value)])));
}

function settings(
  topology: object = reference(),
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const all = { ...topology, ...more };
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [`vxlab:${key}`, value]));
}

function problemsOf(config: Record<string, unknown>): readonly Problem[] {
  configure(config);
  try {
    planLab(readConfig().topology, { lab: "lab" });
  } catch (error) {
    if (error instanceof TopologyError) return error.problems;
    throw error;
  }
  return [];
}

const folder = temporary("config");

describe("docs/settings.md", () => {
  const text = readFileSync(join(__dirname, "../docs/settings.md"), "utf8");
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = ""]) => {
    const written = Object.entries(yaml.load(block) as object);
    return Object.fromEntries(written.map(([key, value]) => [key.replace("vxlab:", ""), value as unknown]));
  });

  it("has examples that are planned as they stand", () => {
    const addresses = [1, 2, 3].map((n) => [`kvm${n}`, { address: `192.168.10.${n + 1}` }]);
    const hosts = Object.fromEntries(addresses) as object;
    const whole = blocks.slice(0, 5);
    expect(whole.map((block) => labProblems({ hosts, ...block }))).toEqual(whole.map(() => []));
    const key = "hosts.server.existing.hostKey";
    expect(
      labProblems({ ...blocks[5] }).map(({ path }) => path),
      "cut short",
    ).toEqual([key]);
  });
});

describe("readConfig", () => {
  it("reads the reference lab, which is Pulumi.yaml's", () => {
    const project = yaml.load(readFileSync(join(__dirname, "../Pulumi.yaml"), "utf8")) as {
      config: Record<string, { value: unknown }>;
    };
    const config = Object.entries(project.config).map(([key, { value }]) => [key, value]);
    configure(Object.fromEntries(config) as Record<string, unknown>);
    expect(readConfig()).toEqual({ topology: reference(), bootTimeout: 600 });
  });

  it("takes scalars as the text that they arrive as", () => {
    configure(
      settings(reference(), { bootTimeout: "120", accel: "qemu", libvirtUri: "qemu+ssh://root@h/system" }),
    );
    expect(readConfig()).toMatchObject({
      bootTimeout: 120,
      accel: "qemu",
      libvirtUri: "qemu+ssh://root@h/system",
    });
  });

  it.each([Role.Lab, Role.Underlay])("reads the identity of a %s", (role) => {
    const { underlay, image, hosts, ...upper } = reference();
    const topology = role === Role.Lab ? { underlay, image, hosts, ...upper } : { underlay, image, hosts };
    configure(settings(topology, { role, identity: "me/demo" }));
    expect(readConfig()).toMatchObject({ identity: "me/demo" });
  });

  it("needs only hosts, and leaves other namespaces alone", () => {
    configure({ "vxlab:hosts": { a: { address: "192.168.10.2" } }, "libvirt:uri": "x", "aws:region": "y" });
    const { topology } = readConfig();
    expect(topology).toEqual({
      underlay: {},
      image: {},
      hosts: { a: { address: "192.168.10.2" } },
      segments: {},
      containers: {},
    });
  });

  it("says that a lab without settings needs a host", () => {
    expect(problemsOf({})).toMatchObject([{ path: "hosts" }]);
  });

  it.each([
    [
      { hosts: { kvm1: { addres: "192.168.10.9" } } },
      "hosts.kvm1.addres",
      "192.168.10.9",
      "Did you mean address?",
    ],
    [{ hosts: { kvm1: { colour: 7 } } }, "hosts.kvm1.colour", 7, "Known: address, existing"],
    [{ segments: { red: { udpport: 4789 } } }, "segments.red.udpport", 4789, "Did you mean udpPort?"],
    [{ containers: { c1: { hots: "kvm1" } } }, "containers.c1.hots", "kvm1", "Did you mean host?"],
    [{ underlay: { cird: "10.0.0.0/8" } }, "underlay.cird", "10.0.0.0/8", "Did you mean cidr?"],
    [{ image: { kinds: "golden" } }, "image.kinds", "golden", "Did you mean kind?"],
    [{ hosts: { kvm1: "192.168.10.9" } }, "hosts.kvm1", "192.168.10.9", "Write { address: … }."],
    [{ containers: { c1: null } }, "containers.c1", null, "Write { host: … }."],
    [{ image: "golden" }, "image", "golden", "Write { kind: … }."],
    [{ underlay: [1] }, "underlay", [1], "Write { cidr: … }."],
    [{ containers: ["c1"] }, "containers", ["c1"], "Write { NAME: { host: … } }."],
  ])("refuses the shape %j", (fragment, path, got, cure) => {
    const problems = problemsOf(settings(referenceWith(fragment)));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ path, got });
    expect(problems[0]?.cure).toContain(cure);
  });

  it.each([
    [{ host: {} }, "host", {}, "Did you mean hosts?"],
    [{ bootTimeOut: 5 }, "bootTimeOut", 5, "Did you mean bootTimeout?"],
    [{ bootTimeout: "29" }, "bootTimeout", 29, "from 30 to 3600"],
    [{ bootTimeout: "3601" }, "bootTimeout", 3601, "from 30 to 3600"],
    [{ bootTimeout: "ten" }, "bootTimeout", "ten", "from 30 to 3600"],
    [{ bootTimeout: "" }, "bootTimeout", "", "from 30 to 3600"],
    [{ identity: " " }, "identity", " ", "that no other lab has"],
    [{ accel: "tcg" }, "accel", "tcg", "auto, kvm, qemu"],
    [{ accel: "kmv" }, "accel", "kmv", "Did you mean kvm?"],
    [{ libvirtUri: "localhost" }, "libvirtUri", "localhost", "qemu:///system"],
    [{ libvirtUri: "qemu:///sys tem" }, "libvirtUri", "qemu:///sys tem", "qemu:///system"],
    [{ libvirtUri: "lxc:///" }, "libvirtUri", "lxc:///", "qemu:///system or qemu+ssh://"],
    [{ libvirtUri: "qemu:///session" }, "libvirtUri", "qemu:///session", "qemu:///system or qemu+ssh://"],
    [{ libvirtUri: "test:///default" }, "libvirtUri", "test:///default", "qemu:///system or qemu+ssh://"],
    [{ libvirtUri: "xen://far/system" }, "libvirtUri", "xen://far/system", "qemu:///system or qemu+ssh://"],
  ])("refuses the setting %j", (more, path, got, cure) => {
    const problems = problemsOf(settings(reference(), more));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ path, got });
    expect(problems[0]?.cure).toContain(cure);
  });

  it("refuses an image that is missing, a folder, or not qcow2, and takes one that is", () => {
    const image = (path: string) => problemsOf(settings(referenceWith({ image: { kind: "cloud", path } })));
    const file = (name: string, head: string) =>
      writeFileSync(join(folder, name), Buffer.from(head, "latin1"));
    file("raw", "\x7fELF");
    file("empty", "");
    file("good", "QFI\xfb and more");
    mkdirSync(join(folder, "dir"));
    const said = (name: string) => image(join(folder, name)).map(({ path, message }) => [path, message]);
    expect(said("none")).toEqual([["image.path", "There is no such file."]]);
    expect(said("dir")).toEqual([["image.path", "Cannot be read (EISDIR)."]]);
    expect(said("raw")).toEqual([["image.path", "Is not a qcow2 image."]]);
    expect(said("empty")).toEqual([["image.path", "Is not a qcow2 image."]]);
    expect(said("good")).toEqual([]);
  });

  it("refuses a login key that is missing, open to others, encrypted, or none", () => {
    const hostKey = ed25519FromSeed(new Uint8Array(32)).publicKeyLine;
    const pair = ed25519FromSeed(new Uint8Array(32));
    const said = (name: string) => {
      const kvm1 = { existing: { hostKey, keyFile: join(folder, name) } };
      return problemsOf(settings(referenceWith({ hosts: { kvm1 } }))).map(({ path, message }) => [
        path,
        message,
      ]);
    };
    const file = (name: string, text: string, mode = 0o600) =>
      writeFileSync(join(folder, name), text, { mode });
    const path = "hosts.kvm1.existing.keyFile";
    const encrypted = Buffer.from("openssh-key-v1\0\0\0\0\naes256-ctr").toString("base64");
    file("key", pair.privateKeyOpenSsh);
    file("open", pair.privateKeyOpenSsh, 0o644);
    file("public", hostKey);
    file("locked", `-----BEGIN OPENSSH PRIVATE KEY-----\n${encrypted}\n-----END OPENSSH PRIVATE KEY-----\n`);
    file("pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    expect(said("key")).toEqual([]);
    expect(said("nokey")).toEqual([[path, "There is no such file."]]);
    expect(said("open")).toEqual([[path, "Is readable by other users (mode 644): ssh refuses it."]]);
    expect(said("public")).toEqual([[path, "Is not a private key."]]);
    expect(said("locked")).toEqual([[path, "Is encrypted, but a deployment cannot ask for a passphrase."]]);
    expect(said("pem")).toEqual([[path, "Is encrypted, but a deployment cannot ask for a passphrase."]]);
  });

  it("looks for the archive of a Docker image", () => {
    const docker = (more: object) => ({
      containers: { c1: { kind: "docker", ...more } },
      image: { kind: "docker" },
    });
    const said = (archive: string) => problemsOf(settings(referenceWith(docker({ archive }))));
    expect(problemsOf(settings(referenceWith(docker({ image: "registry.example/debian:12" }))))).toEqual([]);
    const path = "containers.c1.archive";
    expect(said("./nowhere.tar")).toMatchObject([{ path, message: "There is no such file." }]);
    expect(said(folder)).toMatchObject([{ path, message: "Is not a file." }]);
    writeFileSync(join(folder, "app.tar"), "");
    expect(said(join(folder, "app.tar"))).toEqual([]);
  });

  it("says everything at once: keys, shapes, values, files", () => {
    const broken = referenceWith({
      image: { path: "/nowhere/x.qcow2" },
      hosts: { kvm1: "x", kvm2: { addres: "1" } },
      segments: { red: { vni: "100" } },
    });
    const problems = problemsOf(settings(broken, { hostz: 1, accel: "x", bootTimeout: "1" }));
    const paths = [
      "hostz",
      "hosts.kvm1",
      "hosts.kvm2.addres",
      "segments.red.vni",
      "image.path",
      "accel",
      "bootTimeout",
    ];
    expect(problems.map(({ path }) => path)).toEqual(paths);
  });

  it("says each thing once: what is no mapping is not also incomplete", () => {
    expect(problemsOf({ "vxlab:hosts": "kvm1" }).map(({ path }) => path)).toEqual(["hosts"]);
    expect(problemsOf({ "vxlab:hosts": "{broken" }).map(({ got }) => got)).toEqual(["{broken"]);
  });
});

describe("settings copied from Pulumi.yaml with their value:", () => {
  const project = yaml.load(readFileSync(join(__dirname, "../Pulumi.yaml"), "utf8")) as { config: object };
  const COPIED = ["underlay", "image", "hosts", "segments", "containers"];

  it("are one problem each, which says what to leave out", () => {
    const problems = problemsOf({ ...project.config });
    expect(problems.map(({ path }) => path).sort()).toEqual([...COPIED].sort());
    for (const { path, cure } of problems)
      expect(cure).toBe(
        `Remove the line value: in Pulumi.<stack>.yaml, and indent what is below it under vxlab:${path}.`,
      );
  });

  it.each([
    ["bootTimeout", { value: 60 }, "value"],
    ["libvirtUri", { default: "qemu:///system", type: "string" }, "default"],
    ["accel", { value: "qemu", description: "slow" }, "value"],
  ])("may be a number or a text: %s", (path, got, word) => {
    const [problem, ...more] = problemsOf(settings(reference(), { [path]: got }));
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ path, got });
    expect(problem?.cure).toContain(`Remove the line ${word}:`);
  });

  it.each([
    [{ hosts: { value: { address: "192.168.10.9" } }, containers: {} }, "a host of that name"],
    [{ image: { value: {}, kind: "golden" } }, "a key too many"],
  ] as [object, string][])("are not %j: %s", (topology) => {
    const cures = problemsOf(settings({ ...reference(), ...topology })).map(({ cure }) => cure);
    expect(cures.join()).not.toContain("Leave out");
  });
});
