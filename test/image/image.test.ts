/** The image's recipe, without building anything: what its hash covers, what it asks for, what must never be in it. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

const image = resolve(__dirname, "../../image");
let scratch: string;

beforeAll(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), "vxlab-image-")));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** A copy of image/ that a test may change. */
function copy(name: string): string {
  const folder = join(scratch, name);
  cpSync(image, folder, { recursive: true });
  return folder;
}

const hash = (folder: string, script = "build.sh") =>
  execFileSync(join(folder, script), ["--hash"], { encoding: "utf8" }).trim();

/** `what` is a shell script by its name or by its first line. */
const isShell = (what: string) =>
  what.endsWith(".sh") || /^#!.*\bsh$/.test(readFileSync(what, "utf8").split("\n")[0] ?? "");

describe("the hash of the recipe", () => {
  it("is the same in another folder and another locale", () => {
    const elsewhere = copy("elsewhere");
    expect(hash(elsewhere)).toBe(hash(image));
    expect(hash(elsewhere)).toMatch(/^[0-9a-f]{12}$/);
    const spanish = execFileSync(join(elsewhere, "build.sh"), ["--hash"], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "es_ES.UTF-8" },
    });
    expect(spanish.trim()).toBe(hash(image));
  });

  it("changes with every file of the recipe", () => {
    const folder = copy("changed");
    const seen = new Set([hash(folder)]);
    const recipe = [join(folder, "build.sh"), join(folder, "lib.sh"), ...files(join(folder, "recipe"))];
    for (const file of recipe) {
      appendFileSync(file, "\n");
      seen.add(hash(folder));
    }
    expect(seen.size).toBe(recipe.length + 1);
  });

  it("changes with an execute bit and with a file's name", () => {
    const folder = copy("mode");
    const before = hash(folder);
    chmodSync(join(folder, "recipe/packages"), 0o755);
    expect(hash(folder)).not.toBe(before);
    chmodSync(join(folder, "recipe/packages"), 0o644);
    expect(hash(folder)).toBe(before);
    writeFileSync(join(folder, "recipe/files/etc/empty"), "");
    expect(hash(folder)).not.toBe(before);
  });

  it("does not change with what is no recipe", () => {
    const folder = copy("same");
    for (const file of ["README.md", "image.ts", "cloud-like.sh"]) appendFileSync(join(folder, file), "\n");
    expect(hash(folder)).toBe(hash(image));
    expect(hash(folder, "cloud-like.sh")).not.toBe(hash(image, "cloud-like.sh"));
  });
});

describe("docker.sh", () => {
  const print = (folder: string) =>
    JSON.parse(
      execFileSync(join(folder, "docker.sh"), ["--print", join(scratch, "cache")], { encoding: "utf8" }),
    ) as Record<string, string>;

  it("is another image, and leaves the plain one as it is", () => {
    const folder = copy("docker");
    const plain = hash(folder);
    const seen = new Set([plain, hash(folder, "docker.sh")]);
    for (const file of files(join(folder, "docker"))) {
      appendFileSync(file, "\n");
      seen.add(hash(folder, "docker.sh"));
    }
    expect(seen.size).toBe(files(join(folder, "docker")).length + 2);
    expect(hash(folder)).toBe(plain);
  });

  it("changes with the plain recipe", () => {
    const folder = copy("docker-plain");
    const before = hash(folder, "docker.sh");
    appendFileSync(join(folder, "recipe", "packages"), "\n");
    expect(hash(folder, "docker.sh")).not.toBe(before);
  });

  it("prints where the files will be, of a folder that may be kept", () => {
    const folder = join(scratch, "cache", `golden-${hash(image, "docker.sh")}`);
    expect(print(image)).toMatchObject({ hash: hash(image, "docker.sh"), root: join(folder, "root.qcow2") });
  });
});

describe("image-archive.sh", () => {
  const make = (folder: string) =>
    execFileSync(join(image, "docker", "image-archive.sh"), [folder, "test/app", "/bin/app"]);
  const folder = () => {
    const made = mkdtempSync(join(scratch, "root-"));
    writeFileSync(join(made, "app"), "x");
    return made;
  };

  it("makes the same of the same, with digests that are true", () => {
    const archive = make(folder());
    expect(make(folder()).equals(archive)).toBe(true);
    const out = mkdtempSync(join(scratch, "archive-"));
    execFileSync("tar", ["-xf", "-", "-C", out], { input: archive });
    const read = (name: string) => readFileSync(join(out, name));
    const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");
    const [manifest] = JSON.parse(read("manifest.json").toString()) as {
      Config: string;
      RepoTags: string[];
    }[];
    expect(manifest?.RepoTags).toEqual(["test/app:latest"]);
    const config = read(manifest?.Config ?? "");
    expect(manifest?.Config).toBe(`${sha256(config)}.json`);
    expect(JSON.parse(config.toString())).toMatchObject({
      config: { Cmd: ["/bin/app"] },
      rootfs: { diff_ids: [`sha256:${sha256(read("layer.tar"))}`] },
    });
  });
});

describe("build.sh", () => {
  it("prints where the files will be, as one line of JSON, without building", () => {
    const line = execFileSync(join(image, "build.sh"), ["--print", join(scratch, "cache")], {
      encoding: "utf8",
    });
    const folder = join(scratch, "cache", `golden-${hash(image)}`);
    expect(line.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(line)).toEqual({
      hash: hash(image),
      root: join(folder, "root.qcow2"),
      kernel: join(folder, "vmlinuz"),
      initrd: join(folder, "initrd.img"),
      cmdline: readFileSync(join(image, "recipe/cmdline"), "utf8").trim(),
    });
  });

  it("is asked by the program once for a recipe, and again as soon as that is another", async () => {
    const folder = copy("asked");
    const cache = join(scratch, "asked-cache");
    mkdirSync(cache);
    const script = join(folder, "build.sh");
    const log = join(scratch, "asked.log");
    writeFileSync(script, readFileSync(script, "utf8").replace("\n", `\necho "$1" >>${log}\n`));
    const { ownImage } = (await import(join(folder, "image.ts"))) as typeof import("../../image/image");
    const versions = [1, 2].map(() => ownImage("golden", cache, false).version);
    expect(readFileSync(log, "utf8")).toBe("--print\n");
    appendFileSync(join(folder, "recipe/packages"), "\n");
    versions.push(ownImage("golden", cache, false).version);
    expect(readFileSync(log, "utf8")).toBe("--print\n--print\n");
    expect(versions).toEqual([versions[0], versions[0], hash(folder)]);
    expect(versions[0]).not.toBe(versions[2]);
  });

  it("is asked again when the cache is elsewhere, by another name or behind the same", async () => {
    const folder = copy("moved");
    const { ownImage } = (await import(join(folder, "image.ts"))) as typeof import("../../image/image");
    const [first, second, link] = ["1", "2", "link"].map((name) => join(scratch, `moved-cache-${name}`));
    const root = (cache = "") => dirname(dirname(ownImage("golden", cache, false).root));
    mkdirSync(first ?? "");
    expect(root(first)).toBe(first);
    renameSync(first ?? "", second ?? "");
    expect(root(second)).toBe(second);
    symlinkSync(second ?? "", link ?? "");
    expect(root(link)).toBe(second);
    cpSync(second ?? "", first ?? "", { recursive: true, preserveTimestamps: true });
    rmSync(link ?? "");
    symlinkSync(first ?? "", link ?? "");
    expect(root(link)).toBe(first);
  });

  it("is asked while an editor's lock, a link to nowhere, is beside it", async () => {
    const folder = copy("edited");
    const cache = join(scratch, "edited-cache");
    mkdirSync(cache);
    symlinkSync("somebody@here.123:456", join(folder, ".#build.sh"));
    const { ownImage } = (await import(join(folder, "image.ts"))) as typeof import("../../image/image");
    expect(ownImage("golden", cache, false).version).toBe(hash(folder));
  });

  it("is started with the sbin folders behind the user's own, and only as root", async () => {
    const folder = copy("started");
    const script = join(folder, "build.sh");
    // A build that is none: it notes what it was given.
    const text = readFileSync(script, "utf8");
    writeFileSync(
      script,
      text.replace("\n", `\ncase $1 in -*) ;; *) echo "$PATH" >${scratch}/started.path ;; esac\n`),
    );
    const { ownImage, onlyRoot } = (await import(
      join(folder, "image.ts")
    )) as typeof import("../../image/image");
    const cache = join(scratch, "started-cache");
    mkdirSync(join(cache, `golden-${hash(folder)}`), { recursive: true });
    writeFileSync(join(cache, `golden-${hash(folder)}`, "recipe.txt"), "");
    vi.stubEnv("PATH", "/usr/bin:/bin");
    const root = vi.spyOn(process, "getuid").mockReturnValue(0);
    expect(ownImage("golden", cache, true).version).toBe(hash(folder));
    const line = readFileSync(join(scratch, "started.path"), "utf8");
    expect(line).toBe("/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin\n");
    root.mockReturnValue(65534);
    expect(() => ownImage("golden", cache, true)).toThrow(onlyRoot("golden", cache));
    expect(onlyRoot("docker", cache)).toContain(`\n  mkdir -p ${cache} && sudo ${folder}/docker.sh ${cache}`);
  });

  it("takes a finished image from the cache", () => {
    const folder = join(scratch, "finished", `golden-${hash(image)}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "recipe.txt"), "");
    const done = spawnSync(join(image, "build.sh"), [join(scratch, "finished")], { encoding: "utf8" });
    expect(done).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(done.stdout)).toMatchObject({ root: join(folder, "root.qcow2") });
  });

  it("names everything that is missing, and the line that installs it, before it does anything", () => {
    const bin = join(scratch, "bin");
    mkdirSync(bin);
    for (const tool of [
      "bash",
      "dirname",
      "find",
      "sort",
      "xargs",
      "sha256sum",
      "cut",
      "tr",
      "sed",
      "uname",
      "cat",
      "mke2fs",
      "flock",
      "awk",
      "id",
      "realpath",
    ])
      symlinkSync(
        execFileSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).trim(),
        join(bin, tool),
      );
    const run = spawnSync("bash", [join(image, "build.sh"), join(scratch, "nothing")], {
      encoding: "utf8",
      env: { PATH: bin },
    });
    expect(run.status).not.toBe(0);
    expect(run.stdout).toBe("");
    expect(run.stderr).toContain("missing: mmdebstrap qemu-img");
    expect(run.stderr).toContain("apt-get install -y --no-install-recommends mmdebstrap qemu-utils\n");
    expect(() => readdirSync(join(scratch, "nothing"))).toThrow();
  });
});

describe("the seed disk's reader", () => {
  const read = (userData: string, network: string) => {
    writeFileSync(join(scratch, "user-data"), userData);
    writeFileSync(join(scratch, "network-config"), network);
    const program = join(image, "recipe/files/usr/lib/vxlab-init/identity.awk");
    return spawnSync("awk", ["-f", program, join(scratch, "user-data"), join(scratch, "network-config")], {
      encoding: "utf8",
    });
  };

  it("turns JSON into instructions", () => {
    const user = {
      hostname: "kvm1",
      ssh_genkeytypes: [],
      ssh_pwauth: false,
      ssh_keys: { ed25519_private: "-----BEGIN\nAAAA==\n-----END\n", ed25519_public: "ssh-ed25519 AAAA" },
      users: [
        { name: "root", ssh_authorized_keys: ['ssh-ed25519 BBBB a "quoted" comment', "ssh-ed25519 CCCC"] },
        { name: "x", ssh_authorized_keys: ["ssh-ed25519 DDDD"] },
      ],
    };
    const network = {
      version: 2,
      ethernets: {
        lan: {
          match: { macaddress: "52:54:00:AA:bb:01" },
          "set-name": "eth0",
          addresses: ["192.168.10.156/24", "fd00::1/64"],
          mtu: 9000,
          routes: [{ to: "default", via: "192.168.10.1" }],
          nameservers: { addresses: ["192.168.10.1"] },
        },
        eth1: { match: { macaddress: "52:54:00:aa:bb:02" }, addresses: [] },
      },
    };
    const { stdout, status } = read(`#cloud-config\n${JSON.stringify(user)}\n`, JSON.stringify(network));
    expect(status).toBe(0);
    expect(stdout.trimEnd().split("\n")).toEqual([
      "hostname kvm1",
      "file 644 /etc/hostname kvm1",
      "file 644 /etc/hosts 127.0.0.1 localhost\\n127.0.1.1 kvm1\\n::1 localhost",
      "file 600 /etc/ssh/ssh_host_ed25519_key -----BEGIN\\nAAAA==\\n-----END\\n",
      "file 644 /etc/ssh/ssh_host_ed25519_key.pub ssh-ed25519 AAAA",
      'file 600 /root/.ssh/authorized_keys ssh-ed25519 BBBB a "quoted" comment\\nssh-ed25519 CCCC\\nssh-ed25519 DDDD',
      "nic 52:54:00:aa:bb:01 eth0",
      "ip link set eth0 mtu 9000 up",
      "ip addr replace 192.168.10.156/24 dev eth0",
      "ip addr replace fd00::1/64 dev eth0",
      "ip route replace default via 192.168.10.1 dev eth0",
      "nic 52:54:00:aa:bb:02 eth1",
      "ip link set eth1 up",
      "file 644 /etc/resolv.conf nameserver 192.168.10.1",
    ]);
  });

  it("reads JSON over several lines as well", () => {
    const { stdout } = read(
      `#cloud-config\n${JSON.stringify({ hostname: "a" }, null, 2)}`,
      JSON.stringify(
        { version: 2, ethernets: { e: { match: { macaddress: "02:00:00:00:00:01" }, mtu: 1500 } } },
        null,
        2,
      ),
    );
    expect(stdout).toContain("hostname a\n");
    expect(stdout).toContain("nic 02:00:00:00:00:01 e\nip link set e mtu 1500 up\n");
  });

  it.each([
    ['{"hostname":"a"', "{}"],
    ["{}}", "{}"],
    ["{}", '{"ethernets":{'],
  ])("refuses %s and %s", (user, network) => {
    const { stdout, status } = read(user, network);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^error not JSON/);
  });
});

describe("what is in image/", () => {
  it("is clean for shellcheck", () => {
    const scripts = [...files(image).filter(isShell), join(__dirname, "boot.sh")];
    expect(scripts.length).toBeGreaterThan(12);
    const found = spawnSync("shellcheck", ["-x", "-P", "SCRIPTDIR", ...scripts], { encoding: "utf8" });
    expect(found.error).toBeUndefined();
    expect(found.stdout).toBe("");
  });

  it.each(files(image).map((file) => relative(image, file)))(
    "%s names no mirror and holds no key",
    (file) => {
      const text = readFileSync(join(image, file), "utf8");
      expect(text).not.toMatch(/https?:\/\/(?!cloudinit\.|docs\.|www\.)/);
      expect(text).not.toMatch(/PRIVATE KEY-----|ssh-(rsa|ed25519) AAAA[A-Za-z0-9+/]{8}/);
    },
  );
});
