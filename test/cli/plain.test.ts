/** A program of the user's, with the Pulumi on PATH: here one that prints a recorded state. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands";
import { Exit } from "../../cli/exit";
import { main } from "../../cli/main";
import { ansibleInventory, inventoryOf, sshConfigFor } from "../../cli/output/inventory";
import type { LabOutput } from "../../plan/contract";
import { fabricLab, referenceLab, SECRET } from "./fixture";
import { temporary } from "../lib/temporary";
import { world, type World } from "./world";

const resources = (lab: LabOutput, type = "pulumi:pulumi:Stack") => [
  { type, urn: "urn:stack", outputs: { lab } },
  {
    ...{ type: "random:index/randomPassword:RandomPassword", urn: "urn:secret" },
    outputs: { result: { plaintext: JSON.stringify(SECRET.toString("base64")) } },
  },
];

/** @param selected the stack that Pulumi has selected; undefined: none */
function program(
  all: object[] = resources(referenceLab()),
  selected?: string,
): World & { folder: string; asked(): string } {
  const folder = temporary("program");
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(folder, "Pulumi.yaml"), "name: mine\nruntime: nodejs\n");
  writeFileSync(join(folder, "state.json"), JSON.stringify({ version: 3, deployment: { resources: all } }));
  const lines = [
    "#!/bin/sh",
    `echo "$PWD $PULUMI_BACKEND_URL $*" >>${folder}/asked`,
    `case "$*" in`,
    `  *"stack --show-name") ${selected === undefined ? "exit 255" : `echo ${selected}`} ;;`,
    `  *"stack export"*) cat ${folder}/state.json ;;`,
    `  *) exit 9 ;;`,
    "esac",
  ];
  writeFileSync(join(bin, "pulumi"), lines.join("\n"), { mode: 0o755 });
  const made = world(
    { PATH: `${bin}:${process.env["PATH"] ?? ""}`, PULUMI_BACKEND_URL: "s3://bucket" },
    commands,
  );
  return { ...made, folder, asked: () => readFileSync(join(folder, "asked"), "utf8") };
}

describe("a program of the user's", () => {
  it("is asked by its folder, its stack and its own backend", async () => {
    const here = program();
    expect(await main(["-C", here.folder, "-s", "org/mine/dev", "graph", "-f", "json"], here)).toBe(Exit.ok);
    expect(here.stdout()).toContain('"kvm1"');
    expect(here.asked()).toBe(
      `${here.folder} s3://bucket --non-interactive --color never stack export --show-secrets --stack org/mine/dev\n`,
    );
    expect(existsSync(join(here.folder, ".vxlab"))).toBe(false);
  });

  it("has the stack that is selected, when none is named", async () => {
    const here = program(undefined, "dev");
    expect(await main(["-C", here.folder, "inventory"], here)).toBe(Exit.ok);
    expect(here.asked()).toMatch(/--stack dev\n$/);
    const none = program();
    expect(await main(["-C", none.folder, "inventory"], none)).toBe(Exit.usage);
    expect(none.stderr()).toBe("vxlab: no stack is selected: name one with -s, or run pulumi stack select\n");
  });

  it("needs no output when it has one lab, and names the way when it has two", async () => {
    const lab = resources(referenceLab(), "vxlab:index:VxlanLab");
    const one = program(lab);
    expect(await main(["-C", one.folder, "-s", "dev", "inventory", "--json"], one)).toBe(Exit.ok);
    expect(JSON.parse(one.stdout())).toHaveLength(2);
    const two = program([...lab, ...lab]);
    expect(await main(["-C", two.folder, "-s", "dev", "inventory"], two)).toBe(Exit.usage);
    expect(two.stderr()).toBe(
      "vxlab: stack dev has 2 labs: export the one that vxlab is to use, under the name lab\n",
    );
    const empty = program([]);
    expect(await main(["-C", empty.folder, "-s", "dev", "inventory"], empty)).toBe(Exit.missing);
    expect(empty.stderr()).toBe("vxlab: there is no lab in stack dev: run pulumi up first\n");
  });

  it.each([
    [["-C", "/nonexistent", "status"], "there is no folder /nonexistent", Exit.usage],
    [
      ["-C", "/proc", "status"],
      "/proc has no Pulumi.yaml: name the folder of a Pulumi program with -C",
      Exit.usage,
    ],
    [
      ["-C", "/tmp", "up"],
      "up works in vxlab's own checkout only: run pulumi up, then vxlab verify",
      Exit.usage,
    ],
    [
      ["-C", "/tmp", "env"],
      "env works in vxlab's own checkout only: elsewhere, plain Pulumi needs none of these variables",
      Exit.usage,
    ],
  ])("%j is refused in one line", async (args, line, code) => {
    const here = world({}, commands);
    expect(await main(args, here)).toBe(code);
    expect(here.stderr()).toBe(`vxlab: ${line}\n`);
  });

  it("without a Pulumi says so", async () => {
    const here = program();
    const bare = { ...here, environment: { PATH: "/nonexistent" } };
    expect(await main(["-C", here.folder, "-s", "dev", "inventory"], bare)).toBe(Exit.missing);
    expect(here.stderr()).toBe("vxlab: pulumi is not on PATH: install the Pulumi CLI\n");
  });
});

describe("inventory", () => {
  it("lists hosts with what is on them", async () => {
    const here = program(resources(fabricLab()));
    expect(await main(["-C", here.folder, "-s", "dev", "inventory"], here)).toBe(Exit.ok);
    expect(here.stdout()).toMatch(
      /^HOST +ADDRESS +PORT +USER +SEGMENTS +CONTAINERS\nkvm1 +192\.168\.10\.156 +22 +root +red blue green +c1 d1$/m,
    );
    expect(here.stdout()).toMatch(/^server +172\.20\.0\.5 +2222 +root +red +s1$/m);
  });

  it("writes for ssh what the real ssh reads", async () => {
    const here = program();
    const keys = join(here.folder, "the keys");
    expect(
      await main(["-C", here.folder, "-s", "dev", "inventory", "--ssh-config", "--keys", keys], here),
    ).toBe(Exit.ok);
    const config = readFileSync(join(keys, "ssh_config"), "utf8");
    expect(here.stdout()).toBe(config);
    const read = execFileSync("ssh", ["-F", join(keys, "ssh_config"), "-G", "kvm2"], { encoding: "utf8" });
    for (const line of [
      "hostname 192.168.10.222",
      "user root",
      "port 22",
      "hostkeyalias kvm2",
      "stricthostkeychecking true",
      `identityfile ${keys}/kvm2.key`,
    ])
      expect(read).toContain(`${line}\n`);
    expect(read).not.toContain("proxycommand");
    expect([statSync(keys).mode & 0o777, statSync(join(keys, "kvm1.key")).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
    const fingerprint = execFileSync("ssh-keygen", ["-l", "-f", join(keys, "kvm1.key")], {
      encoding: "utf8",
    });
    expect(fingerprint).toContain("(ED25519)");
    // Again, over its own files.
    expect(await main(["-C", here.folder, "-s", "dev", "inventory", "--ansible", "--keys", keys], here)).toBe(
      Exit.ok,
    );
  });

  it("enters the lab's network where that is a namespace", () => {
    const enter = ["env", "VXLAB_ROOT=/a b", "/a b/toolchain/embedded.sh", "exec"];
    const config = sshConfigFor(inventoryOf(referenceLab()), {
      folder: "/keys",
      enter,
      node: "/usr/bin/node",
    });
    const [line = ""] = config.split("\n").filter((one) => one.includes("ProxyCommand"));
    const words = line.replace("  ProxyCommand ", "").replace("%h %p", "127.0.0.1 9");
    expect(execFileSync("sh", ["-c", `printf '%s|' ${words}`], { encoding: "utf8" })).toMatch(
      /^env\|VXLAB_ROOT=\/a b\|\/a b\/toolchain\/embedded\.sh\|exec\|\/usr\/bin\/node\|-e\|const s=.*\|127\.0\.0\.1\|9\|$/,
    );
  });

  it("groups hosts by segment for Ansible", () => {
    expect(ansibleInventory(inventoryOf(fabricLab()), "/the keys")).toMatchObject({
      all: {
        hosts: {
          kvm1: { ansible_ssh_common_args: "-F '/the keys/ssh_config'", vxlab_containers: ["c1", "d1"] },
        },
        children: {
          segment_red: { hosts: { kvm1: {}, kvm2: {}, server: {} } },
          segment_blue: { hosts: { kvm1: {}, kvm2: {} } },
        },
      },
    });
  });

  it.each([
    [["--ssh-config"], "name a folder for the login keys: --keys DIR"],
    [["--json", "--ansible"], "--ssh-config, --ansible and --json exclude each other"],
    [["--ssh-config", "--keys", "."], "has other files"],
  ])("%j is refused", async (words, message) => {
    const here = program();
    const args = words.map((word) => (word === "." ? here.folder : word));
    expect(await main(["-C", here.folder, "-s", "dev", "inventory", ...args], here)).toBe(Exit.usage);
    expect(here.stderr()).toContain(message);
    expect(existsSync(join(here.folder, "ssh_config"))).toBe(false);
  });
});
