/** What is cleared away before a create, and how often libvirt is asked for it. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, it } from "vitest";
import { temporary } from "../lib/temporary";
import { deploy, virshDoes } from "./world";

const folder = temporary("orphans");
const POOL = "vxlab-00c0ffee-pool";

/** virsh on a hypervisor that has these things, and these volumes in that pool. */
function libvirtHas(things: string[], volumes: string[], fails = "none"): void {
  virshDoes(`shift 3
echo "$*" >>${folder}/calls
case "$1" in
  ${fails}) exit 1 ;;
  pool-list*) printf '%s\\n' ${things.join(" ")} '' ;;
  vol-list) echo ' Name   Path'; echo '------'; for name in ${volumes.join(" ")}; do echo " $name   /pool/$name"; done ;;
  vol-info) case " ${volumes.join(" ")} " in *" $4 "*) ;; *) exit 1 ;; esac ;;
  domstate | net-info | pool-info) case " ${things.join(" ")} " in *" $2 "*) ;; *) exit 1 ;; esac ;;
esac`);
}

const THINGS = "pool-list --all --name; net-list --all --name; list --all --name";

/** Runs the hook before these creates, and returns what virsh was told. */
async function before(...creates: [type: string, name: string, pool?: string][]): Promise<string[]> {
  rmSync(join(folder, "calls"), { force: true });
  const { clearsOrphans } = await import("../../components/libvirt/orphans");
  await deploy(async () => {
    const hooks = clearsOrphans("lab", "qemu:///system");
    const [hook] = hooks?.beforeCreate ?? [];
    if (!(hook instanceof pulumi.ResourceHook)) throw new Error("no hook");
    // A resource waits until its hooks are registered: a deployment that ended before would cut that off.
    new pulumi.ComponentResource("vxlab:index:Hooked", "hooked", {}, { hooks: { beforeCreate: [hook] } });
    for (const [type, name, pool] of creates) {
      const newInputs = { name, ...(pool === undefined ? {} : { pool }) };
      await hook.callback({
        type: `libvirt:index/x:${type}`,
        newInputs,
      } as unknown as pulumi.ResourceHookArgs);
    }
  });
  const calls = join(folder, "calls");
  return existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [];
}

afterEach(() => virshDoes("exit 0"));

describe("before a create", () => {
  it("libvirt is asked once for all machines, networks and pools, and once for a pool's volumes", async () => {
    libvirtHas(["default"], ["vxlab-00c0ffee-root-1"]);
    const calls = await before(
      ["Pool", POOL],
      ["Network", "vxlab-00c0ffee-underlay"],
      ["Volume", "vxlab-00c0ffee-kernel-1", POOL],
      ["CloudinitDisk", "vxlab-00c0ffee-kvm1-seed.iso", POOL],
      ["Domain", "vxlab-00c0ffee-kvm1"],
    );
    expect(calls).toEqual([THINGS, `vol-list --pool ${POOL}`]);
  });

  it.each([
    ["Domain", "vxlab-00c0ffee-kvm1", undefined, ["destroy", "undefine"]],
    ["Network", "vxlab-00c0ffee-underlay", undefined, ["net-destroy", "net-undefine"]],
    ["Pool", POOL, undefined, ["pool-destroy", "pool-undefine"]],
    ["Volume", "vxlab-00c0ffee-root-1", POOL, ["vol-delete"]],
    ["CloudinitDisk", "vxlab-00c0ffee-kvm1-seed.iso", POOL, ["vol-delete"]],
  ])("a %s of that name is cleared away, listed or not", async (type, name, pool, verbs) => {
    libvirtHas(pool === undefined ? [name] : [], pool === undefined ? [] : [name]);
    const told = (await before([type, name, pool])).map((line) => line.split(" ")[0]);
    expect(told.slice(2)).toEqual(verbs);
    // The control: without the list it is asked for by its name.
    const list = pool === undefined ? '"pool-list"*' : "vol-list";
    libvirtHas(pool === undefined ? [name] : [], pool === undefined ? [] : [name], list);
    expect((await before([type, name, pool])).map((line) => line.split(" ")[0])).toEqual(told);
  });

  it("a name that is not ours is asked for by nobody", async () => {
    libvirtHas(["web"], []);
    expect(await before(["Domain", "web"])).toEqual([]);
  });
});
