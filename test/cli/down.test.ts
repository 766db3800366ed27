import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { down } from "../../cli/commands/down";
import { Exit } from "../../cli/exit";
import { deployedOf } from "../../cli/state/stack";
import { alive } from "../../system/lockfile";
import { programs } from "../lib/fake-path";
import { temporary } from "../lib/temporary";
import { world, type World } from "./world";

const resource = (type: string) => ({ urn: `urn:pulumi:x::fake::${type}::x`, type });
const STACK = resource("pulumi:pulumi:Stack");
const RANDOM = resource("pulumi:providers:random");
const LIBVIRT = resource("pulumi:providers:libvirt");
const DOMAIN = resource("libvirt:index/domain:Domain");

/** A checkout with these stacks, whose Pulumi can only list them. */
function checkout(stacks: Record<string, readonly { type: string }[]>): World {
  const here = world({ VXLAB_LIBVIRT_URI: "test:///default" });
  for (const [name, resources] of Object.entries(stacks)) {
    const state = JSON.stringify({ checkpoint: { latest: { resources } } });
    here.write(`.vxlab/state/.pulumi/stacks/fake/${name}.json`, state);
  }
  const listed = JSON.stringify(Object.keys(stacks).map((name) => ({ name: `organization/fake/${name}` })));
  here.write(".vxlab/toolchain/pulumi", "#!/bin/sh\nexit 1\n");
  here.write(
    ".vxlab/bin/pulumi",
    `#!/bin/sh\ncase "$*" in *"stack ls"*) echo '${listed}' ;; *) exit 1 ;; esac\n`,
  );
  return here;
}

describe("down", () => {
  it("takes a stack whose first up was refused for the empty one that it is", async () => {
    const here = checkout({ lab: [], other: [STACK, RANDOM] });
    expect(await down.run(here, ["-s", "lab"])).toBe(Exit.ok);
    expect(here.stdout()).toMatch(/^nothing is left of the lab/);
    const refused = checkout({ lab: [STACK, RANDOM] });
    expect(await down.run(refused, ["-s", "lab"])).toBe(Exit.ok);
    expect(refused.stdout()).toMatch(/^nothing is left of the lab/);
  });

  it("says nothing of what is left as long as another stack has something", async () => {
    const here = checkout({ lab: [], other: [STACK, RANDOM, DOMAIN] });
    expect(await down.run(here, ["-s", "lab"])).toBe(Exit.ok);
    expect(here.stdout()).toBe("");
  });
});

/** A process that looks like a lab's machine, and a libvirt whose `destroy` ends it, half a second later. */
function machine(name: string): { pid: number; PATH: string } {
  const { pid = 0 } = spawn("sleep", ["60"], { argv0: `qemu-system-x86_64 ${name}`, stdio: "ignore" });
  pids.push(pid);
  const gone = join(temporary("virsh"), "gone");
  const virsh = `case "$*" in
    *"list --all --name") case "$*" in *net-*|*pool-*) ;; *) [ -e ${gone} ] || echo ${name} ;; esac ;;
    *" destroy ${name}") touch ${gone}; { sleep 0.5; kill ${pid}; } >/dev/null 2>&1 & ;;
  esac`;
  return { pid, PATH: `${programs({ virsh })}:${process.env["PATH"]}` };
}

const pids: number[] = [];
afterEach(() => {
  pids.splice(0).forEach((pid) => alive(pid) && process.kill(pid));
  vi.unstubAllEnvs();
});

describe("machines that the engine did not know of", () => {
  it("are ended, and their processes are none of what is left", async () => {
    const { pid, PATH } = machine("vxlab-cafe0001-kvm1");
    vi.stubEnv("PATH", PATH);
    const here = checkout({});
    here.write(".vxlab/labs", "cafe0001");
    const code = await down.run(here, []);
    expect(here.stderr()).toBe("removed: machine vxlab-cafe0001-kvm1\n");
    expect([code, alive(pid)]).toEqual([Exit.ok, false]);
    expect(here.stdout()).toMatch(/^nothing is left of the lab/);
  });

  it("whose process does not end are told", async () => {
    const { pid } = machine("vxlab-cafe0002-kvm1");
    vi.stubEnv("PATH", `${programs({ virsh: "" })}:${process.env["PATH"]}`);
    const here = checkout({});
    here.write(".vxlab/labs", "cafe0002");
    expect(await down.run(here, [])).toBe(Exit.failed);
    expect(here.stderr()).toBe(`still there:\n  process ${pid}\n`);
  });
});

describe("what is deployed", () => {
  it("is nothing where only the engine's own is, else everything, with the providers that say where", () => {
    expect(deployedOf([])).toEqual([]);
    expect(deployedOf([STACK, RANDOM, LIBVIRT])).toEqual([]);
    expect(deployedOf([STACK, LIBVIRT, DOMAIN])).toEqual([STACK, LIBVIRT, DOMAIN]);
  });
});
