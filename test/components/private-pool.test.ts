/** A pool's folder is closed to other users; what cannot be closed is said, and the pool is started in any case. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { closePool } from "../../components/libvirt/private-pool";
import { openPools } from "../../cli/access/pools";
import { closedPool, poolFolder, qemuGroup } from "../../components/libvirt/pool-xml";
import { temporary } from "../lib/temporary";
import { virshDoes } from "./world";

// libvirt 9.0, Debian 12.
const CAPABILITIES = `<capabilities><host>
    <secmodel><model>apparmor</model><doi>0</doi></secmodel>
    <secmodel>
      <model>dac</model>
      <doi>0</doi>
      <baselabel type='kvm'>+64055:+106</baselabel>
      <baselabel type='qemu'>+64055:+106</baselabel>
    </secmodel></host></capabilities>`;
const POOL = `<pool type='dir'>
  <name>vxlab-00c0ffee-pool</name>
  <uuid>8ea9a371-0863-4e3b-8c41-9fb5d66ef8b2</uuid>
  <target>
    <path>/var/lib/libvirt/images/vxlab-00c0ffee-pool</path>
    <permissions>
      <mode>0711</mode>
      <owner>0</owner>
      <group>0</group>
    </permissions>
  </target>
</pool>`;

const folder = temporary("pool");
const calls = () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

/** virsh that answers as above, keeps what is defined, and fails at one verb. As the real one, it goes on then (virsh 9.0). */
function answering(fails = "none", pool = POOL): void {
  virshDoes(`shift 3
[ -e ${folder}/calls ] || : >${folder}/calls
echo "$*" | tr -d "'" | tr ';' '\\n' >${folder}/lines
while read -r verb word more; do
last=0
echo "$verb \${word##*/}" >>${folder}/calls
[ "$verb" != ${fails} ] || { echo "error: it fails" >&2; last=1; continue; }
case $verb in
  capabilities) cat <<'X'
${CAPABILITIES}
X
  ;;
  pool-dumpxml) cat <<'X'
${pool}
X
  ;;
  pool-list) printf 'default\\nvxlab-00c0ffee-pool\\nvxlab-tools-pool\\n' ;;
  pool-define) cp "$word" ${folder}/defined ;;
esac
done <${folder}/lines
exit $last`);
}

afterEach(() => virshDoes("exit 0"));

describe("a new pool", () => {
  it("is defined again with a folder that QEMU's group enters, built and started", async () => {
    answering();
    await closePool("qemu:///system", "vxlab-00c0ffee-pool");
    const name = "vxlab-00c0ffee-pool";
    expect(calls().slice(-6)).toEqual([
      ...["capabilities ", "pool-dumpxml --inactive", `pool-destroy ${name}`, "pool-define pool.xml"],
      ...[`pool-build ${name}`, `pool-start ${name}`],
    ]);
    const defined = readFileSync(join(folder, "defined"), "utf8");
    expect(defined).toContain(
      "<permissions><mode>0710</mode><owner>0</owner><group>106</group></permissions>",
    );
    expect(defined.match(/<permissions>/g)).toHaveLength(1);
    expect(defined).toContain("<uuid>8ea9a371-0863-4e3b-8c41-9fb5d66ef8b2</uuid>");
  });

  it.each(["pool-define", "pool-build"])("runs all the same when %s fails, which is said", async (verb) => {
    answering(verb);
    const said = /can read the private keys in the pool vxlab-x: virsh: it fails/;
    await expect(closePool("qemu:///system", "vxlab-x")).rejects.toThrow(said);
    expect(calls().at(-1)).toBe("pool-start vxlab-x");
  });

  it("is left alone when nobody says which group QEMU has", async () => {
    answering("capabilities");
    const before = calls().length;
    await expect(closePool("qemu:///system", "vxlab-x")).rejects.toThrow(/can read the private keys/);
    expect(calls().slice(before)).toEqual(["capabilities ", "pool-dumpxml --inactive"]);
    expect(() => qemuGroup("<capabilities/>")).toThrow(/which group/);
    expect(() => closedPool("<pool/>", 1)).toThrow(/without a folder/);
  });
});

describe("doctor", () => {
  it("names pools of before, with the cure, and no others", async () => {
    answering();
    const path = "/var/lib/libvirt/images/vxlab-00c0ffee-pool";
    const { PATH } = process.env;
    expect(await openPools("qemu:///system", { PATH })).toEqual([
      { pool: "vxlab-00c0ffee-pool", path, cure: `chgrp 106 ${path} && chmod 710 ${path}` },
    ]);
    answering("capabilities");
    expect((await openPools("qemu:///system", { PATH }))[0]?.cure).toMatch(/^chgrp QEMU_GROUP /);
    answering("none", closedPool(POOL, 106));
    expect(await openPools("qemu:///system", { PATH })).toEqual([]);
    answering("pool-list");
    expect(await openPools("qemu:///system", { PATH })).toEqual([]);
  });

  it("takes a folder that others enter for open", () => {
    expect(poolFolder(POOL)?.open).toBe(true);
    for (const mode of ["0710", "0700", "0750"])
      expect(poolFolder(POOL.replace("0711", mode))?.open).toBe(false);
    expect(poolFolder("<pool/>")).toBeUndefined();
  });
});
