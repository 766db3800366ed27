/** Clearing away by name, against a real libvirt. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { idle, leftovers, sweep } from "../../cli/access/machine";
import { pathsOf } from "../../system/paths";
import { must } from "../../system/process";
import { temporary } from "../lib/temporary";

const script = join(__dirname, "..", "..", "toolchain", "embedded.sh");
const root = temporary("sweep");
const uri = `qemu+unix:///system?socket=/run/vxlab/${pathsOf(root, {}).id}/libvirt-sock`;
const options = { env: { ...process.env, VXLAB_ROOT: root }, timeout: 60 };
const virsh = (...words: string[]) => must("virsh", ["-q", "-c", uri, ...words]);

async function define(verb: string, name: string, xml: string): Promise<void> {
  const file = join(root, `${name}.xml`);
  writeFileSync(file, xml);
  await virsh(verb, file);
}

/** A network that runs, a pool with a volume, a machine with UEFI firmware that does not run. */
async function furnish(prefix: string, bridge: string): Promise<void> {
  await define(
    "net-define",
    `${prefix}-net`,
    `<network><name>${prefix}-net</name><bridge name='${bridge}'/></network>`,
  );
  await virsh("net-start", `${prefix}-net`);
  const folder = join(root, prefix);
  mkdirSync(folder);
  await virsh("pool-define-as", `${prefix}-pool`, "dir", "--target", folder);
  await virsh("pool-start", `${prefix}-pool`);
  await virsh("vol-create-as", `${prefix}-pool`, `${prefix}-root`, "1M");
  const variables = join(root, `${prefix}.nvram`);
  writeFileSync(variables, "");
  const firmware = `<loader readonly='yes' type='pflash'>${variables}</loader><nvram>${variables}</nvram>`;
  const os = `<os><type arch='x86_64' machine='q35'>hvm</type>${firmware}</os><features><acpi/></features>`;
  await define(
    "define",
    prefix,
    `<domain type='qemu'><name>${prefix}-kvm1</name><memory>65536</memory>${os}</domain>`,
  );
}

beforeAll(() => must(script, ["start"], options));
afterAll(async () => {
  await must(script, ["purge"], options);
});

describe("sweeping", () => {
  it("takes what carries the lab's id, whole, and leaves the rest", async () => {
    await furnish("vxlab-00c0ffee", "br-a");
    await furnish("vxlab-00c0ffe0", "br-b");
    expect(await idle(uri, ["00c0ffee"])).toEqual({ off: ["vxlab-00c0ffee-kvm1"], paused: [] });
    await expect(virsh("undefine", "vxlab-00c0ffee-kvm1")).rejects.toThrow("nvram");
    expect(await sweep(uri, ["00c0ffee"])).toEqual([
      "machine vxlab-00c0ffee-kvm1",
      "network vxlab-00c0ffee-net",
      "pool vxlab-00c0ffee-pool",
    ]);
    expect(await leftovers(uri, ["00c0ffee"])).toEqual({ domains: [], networks: [], pools: [] });
    expect(await leftovers(uri, ["00c0ffe0"])).toEqual({
      domains: ["vxlab-00c0ffe0-kvm1"],
      networks: ["vxlab-00c0ffe0-net"],
      pools: ["vxlab-00c0ffe0-pool"],
    });
    expect(await virsh("vol-list", "--pool", "vxlab-00c0ffe0-pool")).toContain("vxlab-00c0ffe0-root");
  });

  it("does nothing without an id, and nothing the second time", async () => {
    expect(await sweep(uri, [])).toEqual([]);
    expect(await sweep(uri, ["00c0ffee"])).toEqual([]);
  });

  it("says so when libvirt does not answer, rather than that nothing is left", async () => {
    await expect(leftovers("qemu+unix:///system?socket=/nowhere", ["00c0ffee"])).rejects.toThrow("virsh");
  });
});
