/**
 * Encryption on real machines: a lab that sends plain packets first, so that each capture and each attack has its control, and
 * encrypts from then on.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capture, keepPinging } from "../lib/capture";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { ArgumentWatch, leaksIn, textsBelow } from "../lib/leaks";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { secretsOf } from "../lib/state";
import { forger, type Forgery } from "../lib/tunnel-forger";
import { greenWithin, redChecks, within } from "../lib/wait";

const [KVM1, KVM2, KVM3] = ["192.168.10.156", "192.168.10.222", "192.168.10.30"];
const [TUNNEL1, TUNNEL2] = ["10.255.10.156", "10.255.10.222"];
const HYPERVISOR = "192.168.10.1";
/** kvm3 is on the underlay and in no segment: the attacker. */
const pair = { hosts: ["kvm1", "kvm2"] };
const SEGMENTS = {
  red: { vni: 100, subnet: "10.0.3.0/24", ...pair },
  blue: { vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow", ...pair },
  navy: { vni: 300, vlan: 30, subnet: "10.0.30.0/24", encapsulation: "geneve", ...pair },
};
const box = (host: string, segment: string, address: string) => ({ host, segment, address });
const settings = (underlay: object = {}) => ({
  underlay,
  hosts: { kvm1: { address: KVM1 }, kvm2: { address: KVM2 }, kvm3: { address: KVM3 } },
  segments: SEGMENTS,
  containers: {
    c1: box("kvm1", "red", "10.0.3.10/24"),
    c2: box("kvm2", "red", "10.0.3.11/24"),
    b1: box("kvm1", "blue", "10.0.20.10/24"),
    b2: box("kvm2", "blue", "10.0.20.11/24"),
    n1: box("kvm1", "navy", "10.0.30.10/24"),
    n2: box("kvm2", "navy", "10.0.30.11/24"),
  },
});
const FAR = { c1: "10.0.3.11", b1: "10.0.20.11", n1: "10.0.30.11" };

let project: Project;
let guests: Guests;
let forge: (attack: Forgery) => Promise<number>;

/** All UDP that a host has on its underlay while something happens, as `FROM > TO.PORT LENGTH` without repetition, and fragments. */
async function onWire(host: string, what: () => Promise<unknown>): Promise<string[]> {
  const ear = await capture(guests, host, "tcpdump -n -l -v -i eth0 udp or 'ip[6:2] & 0x3fff != 0'", 500);
  await what();
  const packets = (await ear()).split(/^(?=\S)/m);
  const seen = packets.flatMap((packet) => {
    const [, length] = /length (\d+)\)/.exec(packet) ?? [];
    const [, from = "", to = "", port] =
      /(\d+(?:\.\d+){3})\.\d+ > (\d+(?:\.\d+){3})\.(\d+):/.exec(packet) ?? [];
    const fragment = /offset [1-9]|flags \[\+\]/.test(packet) ? " fragment" : "";
    return port === undefined && fragment === "" ? [] : [`${from} > ${to}.${port}${fragment} ${length}`];
  });
  return [...new Set(seen)];
}

const ports = (seen: readonly string[]) =>
  [...new Set(seen.map((line) => Number(/\.(\d+) \d+$/.exec(line)?.[1])))].sort((a, b) => a - b);
/** Without WireGuard: the far host goes on asking for a handshake. */
const besides = (seen: readonly string[]) => ports(seen).filter((port) => port !== 51820);
const sizes = (seen: readonly string[]) => seen.map((line) => Number(line.split(" ").at(-1)));

async function pingsAll(): Promise<boolean[]> {
  const sent = Object.entries(FAR).map(([from, to]) => guests.ping(from, `-c 3 -i 0.3 -W 3 ${to}`));
  return (await Promise.all(sent)).map(({ code }) => code === 0);
}

/** From the attacker, with kvm1's address as the source. */
const attack: Forgery = { from: { host: "kvm3" }, to: KVM2, vni: SEGMENTS.red.vni, victim: "c2" };
async function asKvm1(address: string, route: string, what: () => Promise<void>): Promise<void> {
  // Without ARP of that address: kvm1 has to stay where it is.
  await guests.tell(
    "kvm3",
    `set -e
    echo 1 >/proc/sys/net/ipv4/conf/eth0/arp_ignore
    ping -c 1 -W 5 ${KVM2} >/dev/null
    mac=$(ip neigh show ${KVM2} dev eth0 | sed "s/.*lladdr //; s/ .*//")
    ip neigh replace ${KVM2} lladdr $mac dev eth0 nud permanent
    ip address add ${address}/32 dev lo
    ip route add ${route} src ${address}`,
  );
  try {
    await what();
  } finally {
    await guests.tell("kvm3", `ip route del ${route.split(" ")[0]}; ip address del ${address}/32 dev lo`);
  }
}

const stopped = async (host: string) =>
  Number(
    /packets (\d+)/.exec(await guests.tell(host, "nft list chain inet vxlab_guard output | grep 4789"))?.[1],
  );
const publicKey = (host: string) => guests.tell(host, "wg show wg0 public-key");

beforeAll(async () => {
  project = await Project.create("encryption-lab");
  project.configure(settings());
  good(await project.vxlab(["up"], { timeout: 1200 }));
  guests = await Guests.of(project);
  forge = forger(guests);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("without encryption", () => {
  it("tunnels are read on the underlay, and a forged peer's frames arrive", async () => {
    expect(
      ports(await onWire("kvm2", async () => expect(await pingsAll()).toEqual([true, true, true]))),
    ).toEqual([4789, 6081]);
    await asKvm1(KVM1, `${KVM2}/32 dev eth0`, async () => expect(await forge(attack)).toBe(3));
  });
});

describe("with encryption: wireguard", () => {
  let machines: string;
  let said: string;

  it("is one setting, which rebuilds no machine", async () => {
    machines = await guests.tell("kvm1", "cat /proc/sys/kernel/random/boot_id");
    project.configure(settings({ encryption: "wireguard" }));
    const watch = new ArgumentWatch();
    const preview = await change(project, ["preview", "--diff"]);
    expect(preview.code, preview.stderr).toBe(0);
    expect(preview.words).toContain("WireGuard on kvm1, kvm2, kvm3");
    expect(preview.words).not.toMatch(/rebuilt|anew/);
    const up = await project.vxlab(["up"], { timeout: 600 });
    said = preview.stdout + preview.stderr + good(up) + up.stderr + watch.end();
    expect(await redChecks(project)).toEqual([]);
    expect(await guests.tell("kvm1", "cat /proc/sys/kernel/random/boot_id")).toBe(machines);
  });

  it("the underlay carries WireGuard alone, in packets of its MTU and no fragments", async () => {
    const full = async () => {
      expect(await pingsAll()).toEqual([true, true, true]);
      // 28: headers of IPv4 and ICMP.
      expect((await guests.ping("c1", `-M do -c 3 -W 3 -s ${1390 - 28} ${FAR.c1}`)).code).toBe(0);
      expect((await guests.ping("c1", `-M do -c 2 -W 2 -s ${1391 - 28} ${FAR.c1}`)).code).not.toBe(0);
    };
    const seen = await onWire("kvm2", full);
    expect(ports(seen)).toEqual([51820]);
    expect(Math.max(...sizes(seen))).toBe(1500);
    expect(seen.join("\n")).not.toContain("fragment");
  });

  it("a forged peer gets nothing in, neither to its underlay address nor to its tunnel's", async () => {
    await asKvm1(KVM1, `${KVM2}/32 dev eth0`, async () => expect(await forge(attack)).toBe(0));
    await asKvm1(TUNNEL1, `${TUNNEL2}/32 via ${KVM2}`, async () =>
      expect(await forge({ ...attack, to: TUNNEL2 })).toBe(0),
    );
    expect(await redChecks(project)).toEqual([]);
  });

  it("nothing leaves while wg0 is missing; with its address elsewhere the guard stops it, and without the guard it leaves", async () => {
    // A way around: as if somebody had a default route.
    await guests.tell("kvm1", `ip route add 10.255.0.0/16 via ${HYPERVISOR}`);
    const gone = await onWire("kvm1", async () => {
      await guests.tell("kvm1", "ip link del dev wg0");
      expect(await pingsAll()).toEqual([false, false, false]);
    });
    expect(besides(gone)).toEqual([]);
    expect(await stopped("kvm1")).toBe(0);
    await guests.tell("kvm1", `ip address add ${TUNNEL1}/32 dev lo`);
    const elsewhere = await onWire("kvm1", async () => void (await pingsAll()));
    expect(besides(elsewhere)).toEqual([]);
    expect(await stopped("kvm1")).toBeGreaterThan(0);
    await guests.tell("kvm1", "nft delete table inet vxlab_guard");
    const open = await onWire("kvm1", async () => void (await pingsAll()));
    expect(besides(open)).toEqual([4789, 6081]);
    await guests.tell("kvm1", `ip address del ${TUNNEL1}/32 dev lo; ip route del 10.255.0.0/16`);
    const drift = await guests.tell("kvm1", "/usr/lib/vxlab/guest drift");
    expect(drift).toContain("wg0: the WireGuard device is missing");
    const healed = await onWire("kvm1", async () => {
      const up = await project.vxlab(["up"], { timeout: 300 });
      expect(good(up) + up.stderr).toContain("kvm1: encryption wg0 applied again");
    });
    expect(ports(healed)).toEqual([51820]);
    expect(await redChecks(project)).toEqual([]);
  });

  it("a host with another key gets no traffic, and is named", async () => {
    await guests.tell("kvm2", "wg genkey | wg set wg0 private-key /proc/self/fd/0");
    expect(await pingsAll()).toEqual([false, false, false]);
    const red = (await redChecks(project)).join("\n");
    expect(red).toMatch(/^encryption\/kvm2: its public key is \S+ instead of /m);
    expect(red).toMatch(/^ping\/c1\/c2: /m);
    good(await project.vxlab(["up"], { timeout: 300 }));
    expect(await pingsAll()).toEqual([true, true, true]);
  });

  it("keys are replaced by one setting, while traffic goes on", async () => {
    const before = [await publicKey("kvm1"), await publicKey("kvm2")];
    const ofports = (await guests.facts("kvm1")).ofports;
    project.configure(settings({ encryption: "wireguard", keyVersion: 2 }));
    const run = await keepPinging(guests, "c1", FAR.c1);
    const seen = await onWire("kvm2", async () => {
      const { code, steps, words, stdout } = await change(project, ["up"]);
      expect(code, stdout).toBe(0);
      expect(words).toMatch(/kvm1: WireGuard: new key; new key of kvm2/);
      expect(steps.filter((step) => !/^update lab(-kvm\d-wg0(-step)?)?$/.test(step))).toEqual([]);
    });
    const { lost, sent } = await run.end();
    expect(ports(seen)).toEqual([51820]);
    const after = [await publicKey("kvm1"), await publicKey("kvm2")];
    expect(new Set([...before, ...after]).size).toBe(4);
    expect((await guests.facts("kvm1")).ofports).toEqual(ofports);
    expect(sent).toBeGreaterThan(10);
    // Between the two hosts' steps: seconds on a busy computer.
    expect(lost.length).toBeLessThan(50);
    expect(lost.every((number, index) => index === 0 || number === (lost[index - 1] ?? 0) + 1)).toBe(true);
    expect(await redChecks(project)).toEqual([]);
  });

  it("private keys are on their hosts, for root alone, and nowhere else", async () => {
    const { needles } = await secretsOf(project, ["kvm1", "kvm2"]);
    for (const host of ["kvm1", "kvm2"]) {
      const kept = await guests.tell(host, "cat /var/lib/vxlab/secrets/encryption-*.json");
      needles[`key of WireGuard on ${host}`] = /"privateKey":"(\S{44})"/.exec(kept)?.[1] ?? "";
      expect(await guests.tell(host, "wg show wg0 private-key")).toBe(needles[`key of WireGuard on ${host}`]);
      const modes = "stat -c %a /var/lib/vxlab/secrets /var/lib/vxlab/secrets/encryption-*.json";
      expect((await guests.tell(host, modes)).split("\n")).toEqual(["700", "600"]);
    }
    expect(Object.values(needles).every((needle) => needle.length > 20)).toBe(true);
    const texts = {
      "preview, up and arguments": said,
      "stack output": good(await project.pulumi(["stack", "output", "--json"])),
      "stack export": good(await project.pulumi(["stack", "export"])),
      verify: good(await project.vxlab(["verify", "--json"], { timeout: 180 })),
      "what the host says": await guests.tell(
        "kvm1",
        "/usr/lib/vxlab/guest observe all; /usr/lib/vxlab/guest drift",
      ),
      "arguments on the host": await guests.tell("kvm1", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"),
      "desired state": await guests.tell("kvm1", "cat /var/lib/vxlab/desired/* /var/lib/vxlab/guard/*"),
      ...textsBelow(project.paths.dot, ["pulumi-home", "test-ssh", "libvirt/lib/images"]),
    };
    expect(leaksIn(texts, needles)).toEqual([]);
    const secret = { host: await guests.tell("kvm1", "wg showconf wg0") };
    expect(leaksIn(secret, needles), "would notice one").toEqual(["host: key of WireGuard on kvm1"]);
  });

  it("after a reboot it is there before anything leaves", async () => {
    const boot = async () => (await guests.ask("kvm1", "cat /proc/sys/kernel/random/boot_id", 15)).stdout;
    const before = await boot();
    const seen = await onWire("kvm2", async () => {
      await guests.tell(
        "kvm2",
        `${guests.inside("c2", "ping -i 0.3 -w 400 10.0.3.10")} >/dev/null 2>&1 </dev/null &`,
      );
      await guests.ask("kvm1", "sync; reboot", 15);
      await guests.hangUp("kvm1");
      await within(180, "another boot", async () => ![before, ""].includes(await boot()));
      await within(240, "a ping through it", async () => (await pingsAll()).every(Boolean));
    });
    expect(ports(seen)).toEqual([51820]);
    await greenWithin(120, project);
  }, 600_000);

  it("goes by the same setting, and leaves nothing behind", async () => {
    project.configure(settings());
    good(await project.vxlab(["up"], { timeout: 600 }));
    expect(await redChecks(project)).toEqual([]);
    const left = "ls /sys/class/net | grep wg; ls /var/lib/vxlab/secrets; nft list ruleset | grep -c 51820";
    expect((await guests.ask("kvm1", left)).stdout.trim()).toBe("0");
    const { id } = guests.lab;
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [id])).toEqual([]);
  });
});
