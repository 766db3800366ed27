import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Context } from "../../cli/command";
import { PROTOCOL } from "../../guest/protocol";
import { forgetLostMachines, lostSteps, underlayOf } from "../../cli/engine/lost";
import { deployOrder, stacksNamed } from "../../cli/state/roles";
import type { StateResource } from "../../cli/state/stack";
import { keysOfState } from "../../cli/state/keys";
import { sshHost } from "../../cli/access/ssh-files";
import { labOfState } from "../../cli/state/lab";
import { LAB_SCHEMA } from "../../plan/contract";
import { EXISTING_MACHINE, VTEPS_SCHEMA } from "../../plan/vteps";
import { temporary } from "../lib/temporary";
import { world } from "./world";

const root = temporary("roles");
const context = { paths: { root }, environment: {} } as unknown as Context;
const file = (stack: string, text: string) => writeFileSync(join(root, `Pulumi.${stack}.yaml`), text);

describe("a set of stacks", () => {
  it("is deployed by the roles in its files, in whatever order it is named", () => {
    for (const owner of ["a", "b"]) {
      file(`underlay-${owner}`, "config:\n  vxlab:role: underlay\n");
      file(`overlay-${owner}`, "config:\n  vxlab:role: overlay\n");
    }
    const named = stacksNamed(context, ["overlay-b", "underlay-a", "overlay-a", "underlay-b", "overlay-b"]);
    expect(deployOrder(context, named)).toEqual(["underlay-a", "underlay-b", "overlay-b", "overlay-a"]);
    expect(deployOrder(context, named).reverse().slice(-2)).toEqual(["underlay-b", "underlay-a"]);
  });

  it("is one lab when nothing is named or said", () => {
    expect(deployOrder(context, stacksNamed(context, undefined))).toEqual(["lab"]);
  });

  it("takes the role that the project's file gives to all", () => {
    writeFileSync(join(root, "Pulumi.yaml"), "config:\n  vxlab:role:\n    value: underlay\n");
    file("mine", "config: {}\n");
    expect(deployOrder(context, ["overlay-a", "mine"])).toEqual(["mine", "overlay-a"]);
    rmSync(join(root, "Pulumi.yaml"));
  });
});

const overlay: StateResource = {
  urn: "urn::overlay",
  type: "vxlab:index:VxlanOverlay",
  inputs: { underlay: { stack: "organization/p/underlay-a" } },
};
const step = (name: string, machine?: string): StateResource => ({
  urn: `urn:pulumi:overlay-a::vxlab::command:remote:Command::${name}`,
  type: "command:remote:Command",
  inputs: { stdin: `${JSON.stringify({ v: PROTOCOL, id: name, lab: "1", machine, state: {} })}\n#!/bin/sh` },
});

describe("machines that an underlay has no more", () => {
  const all = [overlay, step("a1-vxbr-step", "m1"), step("a2-vxbr-step", "m2"), step("lab-step")];

  it("are told by what their steps were given", () => {
    expect(underlayOf(all)).toBe("organization/p/underlay-a");
    expect(lostSteps(all, new Set(["m1"])).map((urn) => urn.split("::").at(-1))).toEqual(["a2-vxbr-step"]);
    expect(lostSteps(all, new Set(["m1", "m2"]))).toEqual([]);
  });

  it("are told by the bridge where a container's own step is encrypted", () => {
    const { urn } = step("a2-vxbr-step");
    const box = {
      ...step("c1-step"),
      inputs: { stdin: { ciphertext: "v1:x" } },
      dependencies: ["urn::x", urn],
    };
    const last = (found: string[]) => found.map((one) => one.split("::").at(-1));
    expect(last(lostSteps([...all, box], new Set(["m1"])))).toEqual(["a2-vxbr-step", "c1-step"]);
    expect(last(lostSteps([...all, box], new Set(["m1", "m2"])))).toEqual([]);
  });

  it("are no existing hosts: what is put on those stays until it is taken back", () => {
    const kept = [step("far-vxbr-step", EXISTING_MACHINE), step("a1-vxbr-step", "m1")];
    expect(lostSteps(kept, new Set()).map((urn) => urn.split("::").at(-1))).toEqual(["a1-vxbr-step"]);
  });

  it("are no matter of a lab", () => {
    expect(underlayOf([step("lab-step")])).toBeUndefined();
  });
});

describe("what went with its machine is forgotten", () => {
  const NO_STACK = "echo \"error: no stack named 'underlay-a' found\" >&2; exit 1";
  const EMPTY = "echo '{}'";
  const told = (schema: number, machine: string) => {
    const vteps = { schema, hosts: { a1: { machine } } };
    return `echo '${JSON.stringify({ vteps })}'`;
  };

  /** The steps that are forgotten, of m1's and an existing host's, when `pulumi stack output` does this. */
  async function forgotten(output: string, withoutUnderlay?: ReadonlySet<string>): Promise<string[]> {
    const here = world();
    const calls = join(here.paths.root, "calls");
    const all = [overlay, step("a1-step", "m1"), step("far-step", EXISTING_MACHINE)];
    here.write(
      ".vxlab/state/.pulumi/stacks/fake/overlay-a.json",
      JSON.stringify({ checkpoint: { latest: { resources: all } } }),
    );
    const body = `case "$*" in *"stack output"*) ${output} ;; *"state delete"*) echo "$*" >>'${calls}' ;; esac`;
    here.write(".vxlab/bin/pulumi", `#!/bin/sh\n${body}\n`);
    await forgetLostMachines(here, "overlay-a", withoutUnderlay);
    const lines = existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [];
    return lines.map((line) => /::([\w-]+) --yes/.exec(line)?.[1] ?? line);
  }

  it.each([
    ["the underlay has it no more", told(VTEPS_SCHEMA, "m2"), ["a1-step"]],
    ["it is there", told(VTEPS_SCHEMA, "m1"), []],
    ["there is no underlay, so that the program refuses to go on", NO_STACK, []],
    ["the underlay was destroyed, likewise", EMPTY, []],
    ["the underlay speaks another version", told(VTEPS_SCHEMA + 1, "m2"), []],
  ])("by up, when %s", async (_, output, steps) => {
    expect(await forgotten(output)).toEqual(steps);
  });

  it.each([
    ["there is no underlay", NO_STACK, ["a1-step"]],
    ["the underlay was destroyed", EMPTY, ["a1-step"]],
    ["the underlay speaks another version: its machines are there", told(VTEPS_SCHEMA + 1, "m2"), []],
  ])("by down, when %s", async (_, output, steps) => {
    expect(await forgotten(output, new Set())).toEqual(steps);
  });

  it("by nobody when the underlay cannot be asked", async () => {
    await expect(forgotten("echo broken >&2; exit 1", new Set())).rejects.toThrow(
      "pulumi stack output:\nbroken",
    );
  });
});

describe("the hosts of an overlay", () => {
  const host = {
    name: "a1",
    address: "192.168.10.11",
    hostKey: "ssh-ed25519 AAAA",
    existing: { sshAddress: "10.9.9.9", port: 2222, user: "admin" },
  };
  const lab = { schema: LAB_SCHEMA, hosts: [host], containers: [] };
  const secret = (value: unknown) => ({ plaintext: JSON.stringify(value) });
  const state = (connection: unknown) => ({
    deployment: {
      resources: [
        { type: "pulumi:pulumi:Stack", outputs: { lab } },
        { type: "command:remote:Command", inputs: { connection } },
      ],
    },
  });

  it("are reached as its steps reach them", () => {
    const connection = secret({ host: "10.9.9.9", hostKey: host.hostKey, privateKey: "KEY" });
    const known = labOfState(state(connection), "overlay-a");
    expect(known.hosts.map(sshHost)).toEqual([
      { name: "a1", address: "10.9.9.9", hostKey: host.hostKey, port: 2222, user: "admin" },
    ]);
    expect(keysOfState(state(connection), known, "overlay-a")).toEqual(new Map([["a1", "KEY"]]));
  });

  it("are the overlay's to ask for, not the underlay's", () => {
    const resources = [{ type: "pulumi:pulumi:Stack" }, { type: "vxlab:index:VxlanUnderlay" }];
    expect(() => labOfState({ deployment: { resources } }, "underlay-a")).toThrow(/is an underlay/);
  });
});
