import { describe, expect, it } from "vitest";
import type { Command } from "../../cli/command";
import { commands } from "../../cli/commands";
import { split as previewed } from "../../cli/commands/preview";
import { split } from "../../cli/commands/up";
import { script } from "../../cli/commands/env";
import { stackName } from "../../cli/args";
import { Exit, exitCodes, Fault } from "../../cli/exit";
import { usage } from "../../cli/help/text";
import { main } from "../../cli/main";
import { Missing } from "../../system/reporter";
import { run } from "../../system/process";
import { world } from "./world";

const probe = (name: string, work: (args: string[]) => number): Command => ({
  name,
  summary: `does ${name}`,
  operands: "[X]",
  options: {},
  examples: [[name, "does it"]],
  run: (_, args) => Promise.resolve().then(() => work(args)),
});

const fail = (error: Error) => (): number => {
  throw error;
};

describe("the dispatcher", () => {
  it("lists every command and every exit code", () => {
    const lines = usage(commands).split("\n");
    const has = (word: string, meaning: string) =>
      expect(
        lines.some((line) => line.startsWith(`  ${word} `) && line.endsWith(` ${meaning}`)),
        word,
      ).toBe(true);
    for (const { name, summary } of commands) has(name, summary);
    for (const [code, meaning] of exitCodes) has(String(code), meaning);
  });

  it.each([[[]], [["help"]], [["--help"]], [["-h"]]])("prints the usage for %j", async (args) => {
    const context = world({}, commands);
    expect(await main(args, context)).toBe(Exit.ok);
    expect(context.stdout()).toBe(`${usage(commands)}\n`);
  });

  it.each([
    [["upp"], 'there is no command "upp": did you mean up?'],
    [["statsu"], 'there is no command "statsu": did you mean status?'],
    [["frobnicate"], 'there is no command "frobnicate": see vxlab --help'],
    [["help", "verfy"], 'there is no command "verfy": did you mean verify?'],
    [["--verion"], "no option --verion before a command: did you mean --version?"],
    [["status", "--jsno"], "status has no option --jsno: did you mean --json?"],
    [["verify", "--xyzzy"], "verify has no option --xyzzy: see vxlab verify --help"],
    [["down", "--yes"], "down has no option --yes: see vxlab down --help"],
  ])("refuses %j in one line, before it touches anything", async (args, line) => {
    const context = world({}, commands);
    expect(await main(args, context)).toBe(Exit.usage);
    expect(context.stderr()).toBe(`vxlab: ${line}\n`);
    expect(context.stdout()).toBe("");
  });

  it.each([
    ["a failed check", fail(new Error("broken")), Exit.failed],
    ["bad input", fail(new Fault(Exit.usage, "bad")), Exit.usage],
    ["a missing package", fail(new Missing("lacks")), Exit.missing],
    ["a busy lab", fail(new Fault(Exit.busy, "busy")), Exit.busy],
    ["success", (): number => Exit.ok, Exit.ok],
  ])("ends after %s with its code, and without a stack trace", async (_, work, code) => {
    const context = world({}, [probe("try", work)]);
    expect(await main(["try"], context)).toBe(code);
    expect(context.stderr()).not.toMatch(/\bat .*:\d+/);
  });

  it("hands the arguments on, and shows a command's own help", async () => {
    const seen: string[][] = [];
    const context = world({}, [probe("try", (args) => seen.push(args) - 1)]);
    expect(await main(["try", "a", "--", "--help"], context)).toBe(Exit.ok);
    expect(seen).toEqual([["a", "--", "--help"]]);
    await main(["try", "--help"], context);
    expect(context.stdout()).toBe("usage: vxlab try [X]\n\ndoes try\n\nexamples:\n  vxlab try  does it\n");
    expect(seen).toHaveLength(1);
  });

  it("gives a stack before the command to it, and takes quiet and verbose on both sides", async () => {
    const seen: unknown[] = [];
    const context = world({}, [
      probe("try", (args) => seen.push([...args, context.out.progress, context.out.verbose]) - 1),
    ]);
    expect(await main(["-q", "-s", "o/p/s", "try", "a"], context)).toBe(Exit.ok);
    expect(seen).toEqual([["-s", "o/p/s", "a", false, false]]);
    await main(["try", "--verbose", "a", "--", "--verbose"], context);
    expect(seen[1]).toEqual(["a", "--", "--verbose", false, true]);
  });

  it("prints with --verbose what it runs and where an error came from, and with --quiet no progress", async () => {
    const loud = world({}, [probe("try", fail(new Error("broken")))]);
    expect(await main(["--verbose", "try"], loud)).toBe(Exit.failed);
    expect(loud.stderr()).toMatch(/vxlab: Error: broken\n +at .*:\d+/);
    const quiet = world({}, [
      { ...probe("try", () => 0), run: (own) => own.out.step("work", () => Promise.resolve(0)) },
    ]);
    expect(await main(["try", "--quiet"], quiet)).toBe(Exit.ok);
    expect(quiet.stderr()).toBe("");
  });
});

describe("settings that are not YAML", () => {
  it.each([["status"], ["verify"], ["up"], ["preview"], ["down"], ["exec", "c1"], ["capture", "c1"]])(
    "are named by file and line for %s, with exit code 2",
    async (...args) => {
      const context = world({}, commands);
      context.write("Pulumi.lab.yaml", "config:\n  vxlab:hosts: [a\n");
      context.write(".vxlab/bin/pulumi", "#!/bin/sh\nexit 9\n");
      expect(await main(args, context)).toBe(Exit.usage);
      expect(context.stderr()).toMatch(
        /^vxlab: Pulumi\.lab\.yaml, line \d: .*\. Correct the YAML there\.\n$/,
      );
    },
  );
});

describe("arguments", () => {
  it.each([
    [
      ["-s", "x", "--", "--target", "y"],
      ["-s", "x"],
      ["--target", "y"],
    ],
    [["--no-verify"], ["--no-verify"], []],
    [["--", "--", "a"], [], ["--", "a"]],
  ])("splits %j at the first --", (args, own, passed) => {
    expect(split(args)).toEqual({ own, passed });
  });

  it.each([
    [
      ["-s", "x", "--diff", "--stack", "y"],
      ["x", "y"],
      ["--suppress-outputs", "--diff"],
    ],
    [["--stack=a=b", "--refresh"], ["a=b"], ["--suppress-outputs", "--refresh"]],
    [["--diff", "--outputs"], [], ["--diff"]],
  ])("of preview, %j: stacks %j, and Pulumi's %j", (args, given, passed) => {
    expect(previewed(args)).toEqual({ given, json: false, drift: true, passed });
  });

  it.each(["--json", "-j"])("of preview, %s is ours", (word) => {
    expect(previewed([word])).toEqual({ given: [], json: true, drift: true, passed: ["--suppress-outputs"] });
  });

  it("takes the stack from the option, else the environment, else lab", () => {
    expect(stackName("a", { VXLAB_STACK: "b" })).toBe("a");
    expect(stackName(undefined, { VXLAB_STACK: "b" })).toBe("b");
    expect(stackName(undefined, {})).toBe("lab");
    expect(stackName("org/project/dev", {})).toBe("org/project/dev");
    for (const bad of ["../x", "a/b/c/d", "a b", "org//dev", "x;y"])
      expect(() => stackName(bad, {})).toThrow(Fault);
  });
});

describe("env", () => {
  it("prints what a shell can evaluate, whatever the folder is called", async () => {
    const { paths } = world();
    const odd = {
      ...paths,
      dot: "/tmp/it's $HOME `id`/.vxlab",
      state: "/tmp/a b/.vxlab/state",
      passphrase: '/tmp/a"b',
    };
    const asked = `${script({ paths: odd, environment: {} })}\nprintf '%s\\n' "\${PATH%%:*}" "$PULUMI_BACKEND_URL" "$PULUMI_CONFIG_PASSPHRASE_FILE"`;
    const { code, stdout } = await run("bash", ["-euc", asked]);
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(0, 3)).toEqual([`${odd.dot}/bin`, `file://${odd.state}`, odd.passphrase]);
  });

  it("leaves the backend and the passphrase that the user has named", () => {
    const { paths } = world();
    const environment = { PULUMI_BACKEND_URL: "s3://bucket", PULUMI_CONFIG_PASSPHRASE: "" };
    expect(script({ paths, environment })).not.toMatch(/BACKEND|PASSPHRASE/);
    const other = {
      PULUMI_BACKEND_URL: "file:///b/.vxlab/state",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/b/.vxlab/passphrase",
    };
    expect(script({ paths, environment: other })).toContain(`PULUMI_BACKEND_URL=file://${paths.state}`);
    expect(script({ paths, environment: other })).toContain(
      `PULUMI_CONFIG_PASSPHRASE_FILE=${paths.passphrase}`,
    );
  });
});
