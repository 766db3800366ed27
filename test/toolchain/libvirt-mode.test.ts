import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { libvirtScript, type Environment } from "../../system/paths";
import { run } from "../../system/process";
import { project, world, type World } from "../cli/world";

let server: Server | undefined;
afterEach(() => server?.close());

/** A socket that is there, and a virsh that gets an answer or not. */
async function service(here: World, answers: boolean): Promise<Environment> {
  const socket = join(here.paths.root, "libvirt-sock");
  server = createServer();
  await new Promise<void>((done) => server?.listen(socket, done));
  here.write("bin/virsh", `#!/bin/sh\nexit ${answers ? 0 : 1}\n`);
  return { VXLAB_SYSTEM_SOCKET: socket };
}

async function ask(here: World, verb: string, environment: Environment = {}) {
  const PATH = `${join(here.paths.root, "bin")}:${process.env["PATH"]}`;
  const none = { VXLAB_SYSTEM_SOCKET: join(here.paths.root, "absent") };
  const env = { ...here.environment, PATH, VXLAB_ROOT: here.paths.root, ...none, ...environment };
  const { code, stdout, stderr } = await run(libvirtScript({ ...here.paths, root: project }), [verb], {
    env,
  });
  return { code, stderr, answer: stdout.trim() };
}

describe("which libvirt", () => {
  it("is one of the lab's own when there is no service", async () => {
    expect((await ask(world(), "mode")).answer).toBe("embedded");
  });

  it("is the service that answers", async () => {
    const here = world();
    const environment = await service(here, true);
    expect((await ask(here, "mode", environment)).answer).toBe("system");
    expect((await ask(here, "virsh", environment)).answer).toBe("qemu:///system");
  });

  it("is not the service that does not answer", async () => {
    const here = world();
    expect((await ask(here, "mode", await service(here, false))).answer).toBe("embedded");
  });

  it("is the one that the user names, before everything", async () => {
    const here = world();
    const environment = { ...(await service(here, true)), VXLAB_LIBVIRT_URI: "qemu+ssh://root@far/system" };
    expect((await ask(here, "mode", environment)).answer).toBe("given");
    expect((await ask(here, "up", environment)).answer).toBe("given qemu+ssh://root@far/system");
    expect(existsSync(join(here.paths.dot, "libvirt-mode"))).toBe(false);
  });

  it.each([
    "config:\n  vxlab:libvirtUri: qemu:///x\n",
    'config:\r\n  "vxlab:libvirtUri": qemu:///x # far\r\n',
    '{"config": {"vxlab:libvirtUri": "qemu:///x"}}',
  ])("is the stack's setting: %j", async (text) => {
    const here = world();
    here.write("Pulumi.lab.yaml", text);
    expect((await ask(here, "up")).answer).toBe("given qemu:///x");
    expect((await ask(here, "mode", { VXLAB_STACK: "other" })).answer).toBe("embedded");
  });

  it("is the project's setting, and the stack's is taken instead", async () => {
    const here = world();
    here.write("Pulumi.yaml", "name: fake\nconfig:\n  vxlab:libvirtUri: { value: qemu:///x }\n");
    expect((await ask(here, "up")).answer).toBe("given qemu:///x");
    here.write("Pulumi.lab.yaml", "config: { vxlab:libvirtUri: qemu:///y }\n");
    expect((await ask(here, "up")).answer).toBe("given qemu:///y");
  });

  it("is read from the files once, and again after an edit, without Node in between", async () => {
    const here = world();
    here.write("Pulumi.lab.yaml", "config:\n  vxlab:libvirtUri: qemu:///x\n");
    expect((await ask(here, "mode")).answer).toBe("given");
    here.write("bin/node", "#!/bin/sh\necho again >&2\nexit 9\n");
    expect(await ask(here, "mode")).toEqual({ code: 0, stderr: "", answer: "given" });
    here.write("Pulumi.lab.yaml", "config: {}\n");
    expect(await ask(here, "mode")).toEqual({ code: 9, stderr: "again\n", answer: "" });
  });

  it("says what YAML made of a number, each time, and refuses what is not YAML", async () => {
    const here = world();
    here.write("Pulumi.lab.yaml", "config:\n  vxlab:bootTimeout: 0600\n");
    for (const verb of ["mode", "virsh"])
      expect((await ask(here, verb)).stderr).toMatch(
        /^warning: Pulumi\.lab\.yaml, line 2: .*0600 is read as 384/,
      );
    expect((await ask(here, "mode", { VXLAB_QUIET: "1" })).stderr).toBe("");
    here.write("Pulumi.lab.yaml", "config:\n  - a: b: c\n");
    const { code, stderr } = await ask(here, "up");
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^vxlab: Pulumi\.lab\.yaml, line 2: /)]);
  });

  describe("when underlays name hypervisors of their own", () => {
    const underlays =
      'vxlab:underlays:\n    far: { cidr: 10.9.0.0/24, libvirtUri: "qemu+ssh://root@far/system" }';

    it.each([
      underlays,
      "vxlab:underlays:\n    far:\n      libvirtUri: qemu+ssh://root@far/system",
      'vxlab:underlays: {"far":{"libvirtUri":"qemu+ssh://root@far/system"}}',
    ])("is none of the lab's own: %s", async (lines) => {
      const here = world();
      here.write("Pulumi.lab.yaml", `config:\n  ${lines}\n`);
      expect((await ask(here, "mode")).answer).toBe("elsewhere");
      expect((await ask(here, "up")).answer).toBe("elsewhere qemu:///system");
      expect(existsSync(join(here.paths.dot, "libvirt-mode"))).toBe(false);
    });

    it("is still the one that the whole lab is given", async () => {
      const here = world();
      here.write("Pulumi.lab.yaml", `config:\n  ${underlays}\n  vxlab:libvirtUri: test:///default\n`);
      expect((await ask(here, "up")).answer).toBe("given test:///default");
    });

    it("is not changed by a remark", async () => {
      const here = world();
      here.write("Pulumi.lab.yaml", "config: # libvirtUri: qemu:///system\n");
      expect((await ask(here, "mode")).answer).toBe("embedded");
    });

    it("is not changed under a lab that stands on one of its own", async () => {
      const here = world();
      here.write(".vxlab/libvirt-mode", "embedded\n");
      here.write("Pulumi.lab.yaml", `config:\n  ${underlays}\n`);
      expect((await ask(here, "mode")).answer).toBe("elsewhere");
      here.write(".vxlab/labs", "00c0ffee");
      expect((await ask(here, "mode")).answer).toBe("embedded");
    });
  });

  it("is that of the stack which is selected", async () => {
    const here = world();
    const selected = (project: string, stack: string) =>
      here.write(
        `.vxlab/pulumi-home/workspaces/${project}-1-workspace.json`,
        `{\n  "stack": "organization/${project}/${stack}"\n}`,
      );
    selected("another", "mine");
    selected("fake", "other");
    here.write("Pulumi.other.yaml", "config:\n  vxlab:libvirtUri: qemu:///x\n");
    expect((await ask(here, "mode")).answer).toBe("given");
  });

  it("is not taken from what the wrapper hands down to its children", async () => {
    const VXLAB_LIBVIRT_URI = "qemu:///system?socket=/run/vxlab/00000000/libvirt-sock";
    expect((await ask(world(), "mode", { VXLAB_LIBVIRT_URI })).answer).toBe("embedded");
  });

  it("stays the same while the lab stands, and a service that went is missed", async () => {
    const here = world();
    const environment = await service(here, true);
    expect((await ask(here, "up", environment)).answer).toBe("system qemu:///system");
    expect(readFileSync(join(here.paths.dot, "libvirt-mode"), "utf8")).toBe("system\n");
    const gone = await ask(here, "up");
    expect(gone).toMatchObject({ code: 3, answer: "" });
    expect(gone.stderr).toContain("does not answer");
    await ask(here, "forget");
    expect((await ask(here, "mode")).answer).toBe("embedded");
  });
});
