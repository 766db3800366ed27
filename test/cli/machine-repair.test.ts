/** What is done about machines and their network without the engine. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { undefineWords } from "../../components/libvirt/virsh";
import type { MachineFault } from "../../cli/access/machine-drift";
import { replug } from "../../cli/access/machine-repair";
import { networkXml } from "../../cli/access/network-xml";
import type { StateResource } from "../../cli/state/stack";
import recording from "../engine/golden/state.json";
import { programs } from "../lib/fake-path";
import { temporary } from "../lib/temporary";

/** As the provider left it. */
const STATE = recording.resources as readonly StateResource[];
const NETWORK = "vxlab-1b769d1b-underlay";
const about = { host: "kvm1", uri: "qemu:///system", domain: "vxlab-1b769d1b-kvm1", found: "" };
const nic = { network: NETWORK, tap: "vnet0", bridge: "virbr0" };

const XML = `<network>
  <name>${NETWORK}</name>
  <uuid>9be9b561-c579-40cc-b5e4-b4bcdcd37626</uuid>
  <bridge name="virbr0" stp="on" delay="0"/>
  <mtu size="1500"/>
  <ip address="192.168.10.1" prefix="24"/>
</network>
`;

/** How virsh and ip are called, and what is done in words. `refused` is a word of virsh that fails. */
async function repaired(
  faults: readonly MachineFault[],
  state: readonly StateResource[] = STATE,
  refused = "none",
) {
  const calls = join(temporary("repair"), "calls");
  const bin = programs({
    virsh: `shift 3
case $1 in ${refused}) echo "error: refused" >&2; exit 1 ;; *dumpxml) echo "<running/>" ;; esac
case $1 in define | net-define) echo "$1" >>${calls}; cat "$2" >>${calls} ;; *dumpxml) ;; *) echo "$*" >>${calls} ;; esac`,
    enter: `echo "$*" >>${calls}`,
  });
  const environment = { PATH: `${bin}:/usr/bin:/bin` };
  const { done, left, lost } = await replug(faults, () => [join(bin, "enter")], state, { environment });
  return { said: [...done, ...left], lost, calls: existsSync(calls) ? readFileSync(calls, "utf8") : "" };
}

describe("a network that is gone", () => {
  const gone: MachineFault = { ...about, ...nic, what: "no network" };

  it("is the same again: its UUID, bridge and addresses are those of the state, and the taps come back", async () => {
    const second = { ...gone, host: "kvm2", domain: "vxlab-1b769d1b-kvm2", tap: "vnet1" };
    expect(await repaired([gone, second])).toEqual({
      said: [
        `network ${NETWORK} was not defined, and has been defined again`,
        "kvm1: tap vnet0 is back on the bridge virbr0",
        "kvm2: tap vnet1 is back on the bridge virbr0",
      ],
      lost: [],
      calls:
        `net-define\n${XML}net-start ${NETWORK}\nnet-autostart ${NETWORK}\n` +
        "ip link set dev vnet0 master virbr0\nip link set dev vnet1 master virbr0\n",
    });
  });

  it("is the engine's to make again where the state does not have it", async () => {
    const { lost, calls } = await repaired([gone], []);
    expect(lost).toEqual([gone.domain]);
    expect(calls).toBe("ip link set dev vnet0 master virbr0\n");
  });

  it("says why when it cannot be", async () => {
    const { said } = await repaired([{ ...gone, tap: "" }], STATE, "net-define");
    expect(said).toEqual([`network ${NETWORK} cannot be defined again: refused`]);
  });

  it("has a forward and IPv6 where it had them", () => {
    const state = [
      {
        urn: "u",
        type: "libvirt:index/network:Network",
        id: "1",
        outputs: { name: "n", bridge: "b", mode: "nat", addresses: ["fd00:10::/64"] },
      },
    ];
    expect(networkXml(state, "n")).toContain(
      '<forward mode="nat"/>\n  <bridge name="b" stp="on" delay="0"/>\n  <ip family="ipv6" address="fd00:10::1" prefix="64"/>',
    );
    expect(networkXml(state, "other")).toBeUndefined();
  });
});

describe("what runs without a definition", () => {
  it("is defined as it runs, and starts with its hypervisor", async () => {
    expect((await repaired([{ ...about, what: "transient" }])).calls).toBe(
      `define\n<running/>\nautostart ${about.domain}\n`,
    );
    expect((await repaired([{ ...about, ...nic, what: "transient network" }])).calls).toBe(
      `net-define\n<running/>\nnet-autostart ${NETWORK}\n`,
    );
  });
});

describe("a machine that is not defined", () => {
  it("is the engine's", async () => {
    expect(await repaired([{ ...about, what: "undefined" }])).toEqual({
      said: [],
      lost: [about.domain],
      calls: "",
    });
  });
});

describe("a machine that has lost a disk", () => {
  const gone: MachineFault = { ...about, what: "disk" };

  it("is removed, once, and is the engine's to make anew", async () => {
    const { said, lost, calls } = await repaired([gone, gone]);
    expect(said).toEqual([
      `${about.host}: machine ${about.domain} has lost a volume: it was removed, and is recreated`,
    ]);
    expect(lost).toEqual([about.domain]);
    expect(calls).toBe(`destroy ${about.domain}\n${undefineWords(about.domain).join(" ")}\n`);
  });

  it("is named when it cannot be removed", async () => {
    const { said } = await repaired([gone], STATE, "undefine");
    expect(said).toEqual([
      `${about.host}: machine ${about.domain} has lost a volume and cannot be removed: refused`,
    ]);
  });

  it("whose image alone is gone runs on: the engine makes the image again", async () => {
    expect(await repaired([{ ...about, what: "image" }])).toEqual({
      said: [],
      lost: [about.domain],
      calls: "",
    });
  });
});
