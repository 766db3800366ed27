/**
 * Encryption on real machines: a lab that sends plain packets first, so that each capture and each attack has its control, and
 * encrypts from then on. More of it, with reboots: test/long/encryption.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepPinging } from "../lib/capture";
import { change } from "../lib/changes";
import { FAR, HYPERVISOR, KVM1, KVM2, pingsAll } from "../lib/encryption-lab";
import { SEGMENTS, settings, WIREGUARD } from "../lib/encryption-lab";
import { Guests } from "../lib/guests";
import { ArgumentWatch, leaksIn, textsBelow } from "../lib/leaks";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { secretsOf } from "../lib/state";
import { forger, type Forgery } from "../lib/tunnel-forger";
import { onUnderlay, portsOf, type Heard } from "../lib/underlay-ear";

const [TUNNEL1, TUNNEL2] = ["10.255.10.156", "10.255.10.222"];

let project: Project;
let guests: Guests;
let forge: (attack: Forgery) => Promise<number>;

const hear = (what: () => Promise<unknown>) => onUnderlay(project, what);
const pings = () => pingsAll(guests);
/** Without WireGuard: the far host goes on asking for a handshake. */
const besides = (all: readonly Heard[]) => portsOf(all).filter((port) => port !== WIREGUARD);

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
/** Arguments and environments of every process on a host while something happens. */
async function watching(host: string, what: () => Promise<unknown>): Promise<string> {
  const look = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; sleep 0.3";
  await guests.tell(
    host,
    `: >/run/watch; (while [ -e /run/watch ]; do ${look}; done) >/run/seen 2>/dev/null </dev/null &`,
  );
  await what();
  return guests.tell(host, "rm /run/watch; sleep 1; tr '\\0' '\\n' </run/seen | sort -u; rm /run/seen");
}

const publicKey = (host: string) => guests.tell(host, "wg show wg0 public-key");

beforeAll(async () => {
  project = await Project.create("encryption-lab");
  project.configure(settings());
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1200 }));
  guests = await Guests.of(project);
  forge = forger(guests);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("without encryption", () => {
  it("tunnels are read on the underlay, and a forged peer's frames arrive", async () => {
    const plain = await hear(async () => expect(await pings()).toEqual([true, true, true]));
    expect(portsOf(plain)).toEqual([4789, 6081]);
    await asKvm1(KVM1, `${KVM2}/32 dev eth0`, async () => expect(await forge(attack)).toBe(3));
  });
});

describe("with encryption: wireguard", () => {
  let machines: string;
  /** What was printed, and the arguments of all processes here meanwhile. */
  let said: string;
  /** Arguments and environments of all processes on kvm1 while its key is replaced. */
  let processes: string;
  const privateKeys: Record<string, string> = {};

  async function keysOf(version: number): Promise<void> {
    for (const host of ["kvm1", "kvm2"]) {
      const kept = await guests.tell(host, "cat /var/lib/vxlab/secrets/encryption-*.json");
      privateKeys[`key ${version} of ${host}`] = /"privateKey":"(\S{44})"/.exec(kept)?.[1] ?? "";
    }
  }

  it("is one setting, which rebuilds no machine", async () => {
    machines = await guests.tell("kvm1", "cat /proc/sys/kernel/random/boot_id");
    project.configure(settings({ encryption: "wireguard" }));
    const watch = new ArgumentWatch();
    const preview = await change(project, ["preview", "--diff"]);
    expect(preview.code, preview.stderr).toBe(0);
    expect(preview.words).toContain("WireGuard on kvm1, kvm2, kvm3");
    expect(preview.words).not.toMatch(/rebuilt|recreated|set up again/);
    const up = await project.vxlab(["up", "--no-verify"], { timeout: 600 });
    said = preview.stdout + preview.stderr + good(up) + up.stderr + watch.end();
    expect(await guests.tell("kvm1", "cat /proc/sys/kernel/random/boot_id")).toBe(machines);
  });

  it("the underlay carries WireGuard alone, in packets of its MTU and no fragments", async () => {
    const full = async () => {
      expect(await pings()).toEqual([true, true, true]);
      // 28: headers of IPv4 and ICMP.
      expect((await guests.ping("c1", `-M do -c 3 -W 3 -s ${1390 - 28} ${FAR.c1}`)).code).toBe(0);
      expect((await guests.ping("c1", `-M do -c 2 -W 2 -s ${1391 - 28} ${FAR.c1}`)).code).not.toBe(0);
    };
    const seen = await hear(full);
    expect(portsOf(seen)).toEqual([WIREGUARD]);
    expect(Math.max(...seen.map(({ length }) => length))).toBe(1500);
  });

  it("a forged peer gets nothing in, neither to its underlay address nor to its tunnel's", async () => {
    await asKvm1(KVM1, `${KVM2}/32 dev eth0`, async () => expect(await forge(attack)).toBe(0));
    await asKvm1(TUNNEL1, `${TUNNEL2}/32 via ${KVM2}`, async () =>
      expect(await forge({ ...attack, to: TUNNEL2 })).toBe(0),
    );
  });

  it("nothing leaves while wg0 is missing; with its address elsewhere the guard stops it, and without the guard it leaves", async () => {
    // A way around: as if somebody had a default route.
    await guests.tell("kvm1", `ip route add 10.255.0.0/16 via ${HYPERVISOR}`);
    const gone = await hear(async () => {
      await guests.tell("kvm1", "ip link del dev wg0");
      expect(await pings()).toEqual([false, false, false]);
    });
    expect(besides(gone)).toEqual([]);
    expect(await stopped("kvm1")).toBe(0);
    await guests.tell("kvm1", `ip address add ${TUNNEL1}/32 dev lo`);
    const elsewhere = await hear(async () => void (await pings()));
    expect(besides(elsewhere)).toEqual([]);
    expect(await stopped("kvm1")).toBeGreaterThan(0);
    await guests.tell("kvm1", "nft delete table inet vxlab_guard");
    const open = await hear(async () => void (await pings()));
    expect(besides(open)).toEqual([4789, 6081]);
    await guests.tell("kvm1", `ip address del ${TUNNEL1}/32 dev lo; ip route del 10.255.0.0/16`);
    const drift = await guests.tell("kvm1", "/usr/lib/vxlab/guest drift");
    expect(drift).toContain("wg0: the WireGuard device is missing");
    const healed = await hear(async () => {
      const up = await project.vxlab(["up", "--no-verify"], { timeout: 300 });
      good(up);
      expect(up.stderr).toContain("kvm1: encryption wg0: the WireGuard device is missing");
      // Nothing is wrong with the other hosts.
      expect(up.stderr).not.toMatch(/kvm[23]: encryption/);
      expect(await pings()).toEqual([true, true, true]);
    });
    expect(portsOf(healed)).toEqual([WIREGUARD]);
  });

  it("keys are replaced by one setting, while traffic goes on", async () => {
    await keysOf(1);
    const before = [await publicKey("kvm1"), await publicKey("kvm2")];
    const ofports = (await guests.facts("kvm1")).ofports;
    project.configure(settings({ encryption: "wireguard", keyVersion: 2 }));
    const run = await keepPinging(guests, "c1", FAR.c1);
    const watch = new ArgumentWatch();
    const shown = await project.pulumi(["preview", "--json", "--diff"]);
    const rotate = async () => {
      const { code, steps, words, stdout, stderr } = await change(project, ["up"]);
      expect(code, stdout).toBe(0);
      said += good(shown) + stdout + stderr + words;
      expect(words).toMatch(/kvm1: WireGuard: new key; new key of kvm2/);
      expect(steps.filter((step) => !/^update lab(-kvm\d-wg0(-step)?)?$/.test(step))).toEqual([]);
    };
    const seen = await hear(async () => (processes = await watching("kvm1", rotate)));
    said += watch.end();
    await keysOf(2);
    const { lost, sent } = await run.end();
    expect(portsOf(seen)).toEqual([WIREGUARD]);
    const after = [await publicKey("kvm1"), await publicKey("kvm2")];
    expect(new Set([...before, ...after]).size).toBe(4);
    expect((await guests.facts("kvm1")).ofports).toEqual(ofports);
    expect(sent).toBeGreaterThan(10);
    // Between the two hosts' steps: seconds on a busy computer.
    expect(lost.length).toBeLessThan(50);
    expect(lost.every((number, index) => index === 0 || number === (lost[index - 1] ?? 0) + 1)).toBe(true);
  });

  it("private keys are on their hosts, for root alone, and nowhere else", async () => {
    const { needles: others } = await secretsOf(project, ["kvm1", "kvm2"]);
    const needles = { ...others, ...privateKeys };
    expect(Object.keys(privateKeys)).toHaveLength(4);
    expect(new Set(Object.values(privateKeys)).size).toBe(4);
    expect(Object.values(needles).every((needle) => needle.length > 20)).toBe(true);
    for (const host of ["kvm1", "kvm2"]) {
      expect(await guests.tell(host, "wg show wg0 private-key")).toBe(privateKeys[`key 2 of ${host}`]);
      const modes = "stat -c %a /var/lib/vxlab/secrets /var/lib/vxlab/secrets/encryption-*.json";
      expect((await guests.tell(host, modes)).split("\n")).toEqual(["700", "600"]);
    }
    const verify = good(await project.vxlab(["verify", "--json"], { timeout: 180 }));
    const checks = (JSON.parse(verify) as { checks: { name: string; ok: boolean }[] }).checks;
    expect(checks.map(({ name }) => name)).toContain("encryption/kvm1");
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const texts = {
      "preview, up and arguments": said,
      "processes on the host": processes,
      "stack output": good(await project.pulumi(["stack", "output", "--json"])),
      "stack export": good(await project.pulumi(["stack", "export"])),
      "stack history": good(await project.pulumi(["stack", "history", "--json"])),
      verify,
      status: good(await project.vxlab(["status", "--json"], { timeout: 180 })),
      "what the host says": await guests.tell(
        "kvm1",
        "/usr/lib/vxlab/guest observe all; /usr/lib/vxlab/guest drift",
      ),
      "logs on the host": await guests.tell("kvm1", "dmesg; cat /var/log/* 2>/dev/null; :"),
      "desired state": await guests.tell("kvm1", "cat /var/lib/vxlab/desired/* /var/lib/vxlab/guard/*"),
      ...textsBelow(project.paths.dot, ["pulumi-home", "test-ssh", "libvirt/lib/images"]),
    };
    expect(leaksIn(texts, needles)).toEqual([]);
    // The controls: what it is, and where it would be found if it were an argument.
    const key = privateKeys["key 2 of kvm1"] ?? "";
    const argument = () => guests.tell("kvm1", `sh -c 'sleep 2; :' "${key}"`).then(() => undefined);
    const secret = {
      host: await guests.tell("kvm1", "wg showconf wg0"),
      processes: await watching("kvm1", argument),
    };
    expect(leaksIn(secret, needles)).toEqual(["host: key 2 of kvm1", "processes: key 2 of kvm1"]);
  });

  it("goes by the same setting, and leaves nothing behind", async () => {
    project.configure(settings());
    good(await change(project, ["up"], { timeout: 600 }));
    expect(await pings()).toEqual([true, true, true]);
    const left = "ls /sys/class/net | grep wg; ls /var/lib/vxlab/secrets; nft list ruleset | grep -c 51820";
    expect((await guests.ask("kvm1", left)).stdout.trim()).toBe("0");
    const { id } = guests.lab;
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [id])).toEqual([]);
  });
});
