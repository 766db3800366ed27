import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { domainStates, undefineWords, virsh, virshOutput } from "../../components/libvirt/virsh";
import { virshDoes } from "./world";

const URI = "qemu:///system";
const ask = (line: string, limit?: number) => {
  virshDoes(line);
  return virsh(URI, ["uri"], { limit });
};

afterEach(() => virshDoes("exit 0"));

describe("virsh", () => {
  it("speaks English, whatever the user's locale, and keeps the rest of the environment", async () => {
    virshDoes('echo "$LC_ALL $LANG $MARK"');
    const environment = {
      PATH: process.env["PATH"],
      LANG: "de_DE.UTF-8",
      LC_ALL: "de_DE.UTF-8",
      MARK: "kept",
    };
    expect(await virsh(URI, ["uri"], { environment })).toMatchObject({ stdout: "C de_DE.UTF-8 kept\n" });
  });

  it("gets the URI in its own spelling, and reads no terminal", async () => {
    virshDoes('echo "$*"; cat');
    const { stdout } = await virsh("qemu:///system?socket=/run/s", ["list", "--all"]);
    expect(stdout).toBe("-q -c qemu+unix:///system?socket=/run/s list --all\n");
  });

  it.each([
    ["its last complaint", "printf 'error: failed\\nerror: no route.\\n' >&2; exit 1", "failed", "no route"],
    ["that it gave none", "exit 1", "failed", "virsh failed without an error message"],
    ["how long it was given", "trap '' TERM; sleep 30 & wait", "late", "no answer within 0.2 s"],
  ])("when it fails, says %s", async (_, line, end, why) => {
    expect(await ask(line, end === "late" ? 200 : undefined)).toMatchObject({ end, why });
  });

  it("that is not installed is told from one that fails", async () => {
    const absent = { end: "absent", stdout: "", why: "virsh is not installed here", complaints: [] };
    expect(await virsh(URI, ["uri"], { environment: { PATH: "/nonexistent" } })).toEqual(absent);
  });

  it("says of several commands what each complained of, also when the last one is done", async () => {
    const answer = await ask("printf 'error: failed\\nerror: no route.\\n' >&2");
    expect(answer).toMatchObject({ end: "done", why: "", complaints: ["failed", "no route"] });
  });

  it("throws for a caller who needs the output, and names the verb", async () => {
    virshDoes('echo "error: Domain not found" >&2; exit 1');
    await expect(virshOutput(URI, ["dumpxml", "x"])).rejects.toThrow("virsh dumpxml: Domain not found");
    await expect(domainStates(URI)).rejects.toThrow("virsh list: Domain not found");
  });

  it("lists states of two words", async () => {
    virshDoes(`cat <<'X'
 1    vxlab-cafe0001-kvm1   running
 -    vxlab-cafe0001-kvm2   shut off

X`);
    const states = [...(await domainStates(URI))];
    expect(states).toEqual([
      ["vxlab-cafe0001-kvm1", "running"],
      ["vxlab-cafe0001-kvm2", "shut off"],
    ]);
  });

  // Without --nvram, libvirt refuses to undefine a domain with UEFI firmware (virsh(1)).
  it("undefines a domain with its saved memory, snapshots and UEFI variables", () => {
    const words = ["undefine", "x", "--managed-save", "--snapshots-metadata", "--nvram"];
    expect(undefineWords("x")).toEqual(words);
  });

  it("is started by this module only", () => {
    const root = join(__dirname, "../..");
    const files = ["cli", "components", "plan", "stacks", "system", "toolchain", "image"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) =>
        join(folder, name),
      ),
    );
    const starting = files.filter(
      (name) =>
        name.endsWith(".ts") &&
        /(?:run|must|exec\w*|spawn\w*|attached)\(\s*"virsh"/.test(readFileSync(join(root, name), "utf8")),
    );
    expect(starting).toEqual(["components/libvirt/virsh.ts"]);
  });
});
