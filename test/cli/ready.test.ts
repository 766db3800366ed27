/** What a machine lacks, or has in a version that is too old, before anything is set up. */
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { commands } from "../../cli/commands";
import { Exit } from "../../cli/exit";
import { provideImage } from "../../cli/engine/image";
import { main } from "../../cli/main";
import { machineCompletion } from "../../toolchain/machine/complete";
import { programs, without } from "../lib/fake-path";
import { project, world, type World } from "./world";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const APT = "apt-get install -y --no-install-recommends";
const SERVICE = { VXLAB_SYSTEM_SOCKET: "/nonexistent" };
const IMAGE = ".cache/vxlab/image/golden-0/root.qcow2";

/** Somebody else than root, in whose name no package can be installed. */
function notRoot(PATH: string): World {
  vi.spyOn(process, "getuid").mockReturnValue(65534);
  const installer = programs({ "apt-get": `echo "$@" >>${join(PATH, "installed")}` });
  vi.stubEnv("PATH", `${installer}:${PATH}`);
  return world({ ...SERVICE, PATH: `${installer}:${PATH}` }, commands);
}

const files = ({ paths }: World): string[] =>
  readdirSync(paths.root, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith("toolchain/"))
    .sort();

describe("without root, and without a libvirt service", () => {
  it.each(["up", "preview", "test"])(
    "%s names one line for all that is missing, and stops",
    async (command) => {
      const PATH = without("mkisofs", "xsltproc", "mmdebstrap", "shellcheck");
      const here = notRoot(PATH);
      const before = files(here);
      expect(await main([command], here)).toBe(Exit.missing);
      const more = command === "test" ? " shellcheck" : "";
      expect(here.stderr()).toBe(
        "vxlab: no libvirt service answers on this machine, and the embedded libvirt needs root: " +
          "run vxlab as root, start libvirtd, or set VXLAB_LIBVIRT_URI\n" +
          `Debian packages are missing; run as root:\n  ${APT} genisoimage mmdebstrap${more} xsltproc\n`,
      );
      expect(here.stdout()).toBe("");
      expect(existsSync(join(PATH, "installed"))).toBe(false);
      // What libvirt.sh has read of the settings.
      expect(files(here).filter((name) => !/^\.vxlab(\/settings(\/lab)?)?$/.test(name))).toEqual(before);
    },
  );

  it("says nothing of packages when none is missing", async () => {
    const here = notRoot(without());
    here.write(IMAGE, "");
    expect(await main(["up"], here)).toBe(Exit.missing);
    expect(here.stderr()).toMatch(/^vxlab: .* needs root: .*VXLAB_LIBVIRT_URI\n$/);
  });

  it("doctor ends with that line", async () => {
    const here = notRoot(without("mkisofs", "xsltproc", "mmdebstrap", "jq"));
    expect(await main(["doctor"], here)).toBe(Exit.failed);
    expect(here.stdout()).toMatch(/^ {2}MISSING +mkisofs +apt-get install genisoimage /m);
    expect(here.stdout()).toMatch(/^ {2}absent +jq +apt-get install jq /m);
    const line = `${APT} genisoimage mmdebstrap xsltproc`;
    expect(here.stdout()).toMatch(
      new RegExp(
        `something is missing: see above\\ninstall everything that a lab needs, as root: ${line}\\n$`,
      ),
    );
    expect(await main(["doctor", "--json"], here)).toBe(Exit.failed);
    expect(here.stdout()).toContain(`"install": "${line}"`);
  });
});

describe("doctor where only the tests lack something", () => {
  const here = () =>
    world({ VXLAB_LIBVIRT_URI: "test:///default", PATH: without("shellcheck", "jq") }, commands);

  it("exits with 0: a lab needs nothing more; what the tests need is listed apart", async () => {
    const one = here();
    one.write(IMAGE, "");
    one.write("go/bin/go", "#!/bin/sh\necho go version go1.26.0 linux/amd64\n");
    const PATH = `${join(one.paths.root, "go/bin")}:${one.environment["PATH"]}`;
    const context = { ...one, environment: { ...one.environment, PATH } };
    expect(await main(["doctor"], context)).toBe(Exit.ok);
    expect(one.stdout()).toMatch(/^only `vxlab test` needs$[^]*^ {2}absent +shellcheck /m);
    expect(one.stdout()).toMatch(
      new RegExp(
        `\na lab needs nothing more\ninstall what \`vxlab test\` needs, as root: ${APT} shellcheck\n$`,
      ),
    );
    expect(await main(["doctor", "--json"], context)).toBe(Exit.ok);
    expect(one.stdout()).toContain(`"installTests": "${APT} shellcheck"`);
    expect(one.stdout()).not.toContain('"install":');
  });
});

describe("without root, on a libvirt service", () => {
  const APT_IMAGE = `Debian packages are missing; run as root:\n  ${APT} mmdebstrap\n`;
  const GIVEN = "config:\n  vxlab:image: { path: /images/root.qcow2 }\n";

  /** The version of node ends an `up` that has come past the image. */
  function onService(...missing: string[]): World {
    vi.spyOn(process, "getuid").mockReturnValue(65534);
    const PATH = `${programs({ node: "echo v18.0.0" })}:${without(...missing)}`;
    return world({ VXLAB_LIBVIRT_URI: "test:///default", PATH }, commands);
  }

  it("up says first that only root can build the image, the line for it, and what the build lacks", async () => {
    const here = onService("mmdebstrap");
    expect(await main(["up"], here)).toBe(Exit.missing);
    const cache = join(here.paths.cache, "image");
    expect(here.stderr()).toBe(
      `vxlab: only root can build the guest image, and ${cache} has none of this recipe: ` +
        "build it once, or give one with vxlab:image.path (docs/images.md)\n" +
        `  mkdir -p ${cache} && sudo ${join(project, "image/build.sh")} ${cache}\n${APT_IMAGE}`,
    );
  });

  it("up neither asks for the image nor for what builds it where the stack brings its own", async () => {
    const here = onService("mmdebstrap");
    here.write("Pulumi.lab.yaml", GIVEN);
    expect(await main(["up"], here)).toBe(Exit.missing);
    expect(here.stderr()).toMatch(/^vxlab: node: .* has version 18\.0\.0, .*\n$/);
  });

  it("doctor needs what builds the image as long as the stack brings none", async () => {
    const here = onService("mmdebstrap");
    await main(["doctor"], here);
    expect(here.stdout()).toMatch(/^ {2}MISSING +mmdebstrap /m);
    const given = onService("mmdebstrap");
    given.write("Pulumi.lab.yaml", GIVEN);
    await main(["doctor"], given);
    expect(given.stdout()).toMatch(/^ {2}absent +mmdebstrap /m);
  });

  it("a stack's own image is not built, ours is refused", async () => {
    const here = onService();
    await expect(provideImage(here, "lab")).rejects.toThrow(/^only root can build the guest image/);
    here.write("Pulumi.lab.yaml", GIVEN);
    await provideImage(here, "lab");
    expect(existsSync(join(here.paths.cache, "image"))).toBe(false);
  });
});

const completeMachine = async (...asked: Parameters<typeof machineCompletion>): Promise<void> =>
  (await machineCompletion(...asked))();

describe("a program that is there and too old", () => {
  const NEW = { "qemu-system-x86_64": "QEMU emulator version 7.2.1", libvirtd: "libvirtd (libvirt) 9.0.0" };

  /** Each notes when it is asked. */
  function versions(said: Record<string, string>): { PATH: string; asked: () => string[] } {
    const scripts = Object.entries(said).map(([name, text]) => [
      name,
      `echo ${name} >>"$0.log"; echo '${text}'`,
    ]);
    const folder = programs(Object.fromEntries(scripts) as Record<string, string>);
    const log = (name: string) => join(folder, `${name}.log`);
    const asked = () =>
      Object.keys(said).flatMap((name) =>
        existsSync(log(name)) ? readFileSync(log(name), "utf8").trim().split("\n") : [],
      );
    return { PATH: `${folder}:${process.env["PATH"]}`, asked };
  }

  it("is refused by path, version, floor and cure, all of them at once", async () => {
    const { PATH } = versions({
      "qemu-system-x86_64": "QEMU emulator version 5.2.0",
      libvirtd: "libvirtd (libvirt) 7.0.0",
    });
    const { paths, out } = world();
    const folder = PATH.split(":")[0];
    const after = ", and remove the older one from PATH";
    await expect(completeMachine(["embedded"], paths, { PATH }, out)).rejects.toThrow(
      `libvirtd: ${folder}/libvirtd has version 7.0.0, and 8.0 or newer is needed: apt-get install libvirt-daemon${after}\n` +
        `qemu-system-x86_64: ${folder}/qemu-system-x86_64 has version 5.2.0, and 6.0 or newer is needed: apt-get install qemu-system-x86${after}`,
    );
    // It is refused again: only what was new enough is not asked again.
    await expect(completeMachine(["embedded"], paths, { PATH }, out)).rejects.toThrow("7.0.0");
  });

  it("ends a command with the code for what is missing", async () => {
    const node = versions({ node: "v18.20.4", npm: "10.0.0" });
    const here = world({ VXLAB_LIBVIRT_URI: "test:///default", PATH: node.PATH }, commands);
    here.write(IMAGE, "");
    expect(await main(["up"], here)).toBe(Exit.missing);
    expect(here.stderr()).toContain(
      "node has version 18.20.4, and 20.0 or newer is needed: install Node.js 20 or newer",
    );
  });

  it("is asked its version once, and again when it is another file", async () => {
    const { PATH, asked } = versions(NEW);
    const { paths, out } = world();
    await completeMachine(["embedded"], paths, { PATH }, out);
    expect(asked().sort()).toEqual(["libvirtd", "qemu-system-x86_64"]);
    await completeMachine(["embedded"], paths, { PATH }, out);
    expect(asked()).toHaveLength(2);
    appendFileSync(join(PATH.split(":")[0] ?? "", "libvirtd"), "echo\n");
    await completeMachine(["embedded"], paths, { PATH }, out);
    expect(asked().sort()).toEqual(["libvirtd", "libvirtd", "qemu-system-x86_64"]);
  });
});
