/** components/chain/guest.sh: a host's part in a chain: numbers of ports, flows, tunnels, in which order; what is named as drift. */
import { existsSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { hopsState, nextState, type ChainState, type ChainWanted } from "../../components/chain/thing";
import type { EndPlan, HopPlan } from "../../components/chain/planned";
import { ChainFailure } from "../../components/chain/spec";
import { PROTOCOL, stepInput, type Envelope } from "../../guest/protocol";
import { Encapsulation } from "../../plan/net/encap";
import { FakeHost } from "./fake-host";

const LAB = "00c0ffee";
const KVM1 = { host: "kvm1", vtep: "192.168.10.156" };
const KVM2 = { host: "kvm2", vtep: "192.168.10.222" };
const end = (name: string, on: typeof KVM1, vni: number, n: number): EndPlan => ({
  ...{ name, ...on, vni, ports: [`v-${name}`], mac: `02:00:00:00:00:0${n}`, addresses: [`10.0.3.${n}`] },
});
const [A, B] = [end("a", KVM1, 11, 1), end("b", KVM2, 13, 2)];
const FW: HopPlan = { name: "fw", ...KVM1, vni: 12, ports: ["v-fw", "v-fw_1"], addresses: [] };
const CHAIN: ChainWanted = {
  ...{ name: "web", failure: ChainFailure.Closed, encapsulation: Encapsulation.Vxlan, udpPort: 4789 },
  hops: [A, FW, B],
};
const ON = { host: "kvm1", local: KVM1.vtep, bridge: "vxbr" };
const HOPS = hopsState(CHAIN, ON);
const NEXT = nextState(CHAIN, ON);

/** What it lists comes out of a file, and so do the names of a chain's tunnels. */
const VSCTL = `#!/bin/sh
{ printf '%s\\0' "\${0##*/}" "$@"; printf '\\036'; } >>"$FAKE/calls"
case "$*" in
  *"list interface"*) cat "$FAKE/interfaces" 2>/dev/null ;;
  *"find port"*) cat "$FAKE/ports" ;;
  *"find bridge name="*) cat "$FAKE/owner" ;;
  *port-to-br*) [ -s "$FAKE/bridge" ] && cat "$FAKE/bridge" ;;
  *bfd_status:state*) head -n 1 "$FAKE/states" 2>/dev/null; sed -i 1d "$FAKE/states" 2>/dev/null ;;
  *"get interface"*bfd:*) cat "$FAKE/bfd" 2>/dev/null ;;
  *"get interface"*) cat "$FAKE/key" 2>/dev/null ;;
  *"set interface v-"*ofport_request=*) [ ! -e "$FAKE/gives" ] || cp "$FAKE/gives" "$FAKE/interfaces" ;;
esac
exit 0
`;
const OFCTL = `#!/bin/sh
{ printf '%s\\0' "\${0##*/}" "$@"; printf '\\036'; } >>"$FAKE/calls"
case "$*" in
  "dump-flows "*) tail -n 1 "$FAKE/counts"; sed -i '$ d' "$FAKE/counts" ;;
  *dump-flows*) cat "$FAKE/flows" 2>/dev/null ;;
  *diff-flows*) [ ! -e "$FAKE/differ" ] || exit 2 ;;
  "add-flows vxbr -") cat >"$FAKE/said" ;;
  *"--bundle add-flows vxbr -")
    cat >"$FAKE/bundle"
    if [ -s "$FAKE/late" ]; then
      sed -i 1d "$FAKE/late"
      echo "ovs-ofctl: vxbr is not a bridge or a socket" >&2
      exit 1
    fi ;;
esac
`;

let host: FakeHost;

function input(state: ChainState, id = "lab-web-kvm1-hops"): string {
  const envelope: Envelope<"chain"> = { v: PROTOCOL, id, lab: LAB, state };
  return stepInput(envelope, {});
}

function apply(state: ChainState, id?: string): string[] {
  host.calls();
  const { code, stderr } = host.guest(["apply", "chain"], input(state, id));
  expect([code, stderr]).toEqual([0, ""]);
  return host.everything().map((call) => call.join(" "));
}

function refused(state: ChainState): string {
  const { code, stderr } = host.guest(["apply", "chain"], input(state));
  expect(code).not.toBe(0);
  return stderr;
}

const observed = (state: ChainState): unknown =>
  (JSON.parse(host.guest(["observe", "chain"], input(state)).stdout) as { state: unknown }).state;

const drift = () =>
  host
    .guest(["drift"])
    .stdout.split("\n")
    .flatMap((line) => {
      const { of, found } = JSON.parse(line || "{}") as { of?: string; found: string };
      return of === "chain" ? [found] : [];
    });

const flowsOf = (id: string) => host.read(`state/chains/${LAB}-${id}/flows`);
/** Port names and numbers that the host keeps. */
const numbers = (): Record<string, string> =>
  Object.fromEntries(
    [...host.read("state/ofports").matchAll(/^(\S+) (\d+)$/gm)].map(([, name, number]) => [name, number]),
  );

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
    host.runs("ovs-vsctl", VSCTL);
    host.runs("ovs-ofctl", OFCTL);
  });

  it("gives each port a number for good, above those of Open vSwitch, and names none in a flow", () => {
    apply(HOPS);
    const given = numbers();
    expect(Object.keys(given).sort()).toEqual(["cfb", "cfc", "v-a", "v-fw", "v-fw_1"]);
    expect(Object.values(given).every((number) => Number(number) > 8192)).toBe(true);
    expect(new Set(Object.values(given)).size).toBe(5);
    const flows = flowsOf("lab-web-kvm1-hops");
    expect(flows).toMatch(new RegExp(`^delete cookie=${HOPS.cookie}\n`));
    expect(flows).not.toMatch(/<|[^-]>/);
    expect(flows.trim().split("\n").length).toBe(HOPS.flows.length + 1);
    apply(NEXT, "lab-web-kvm1-next");
    expect(numbers()).toEqual({ ...given, cfd: "8198" });
    expect(host.guest(["remove", "chain"], input(HOPS)).code).toBe(0);
    apply(HOPS);
    expect(numbers()).toEqual({ ...given, cfd: "8198" });
  });

  it("has its tunnels before the flows that send into them, outside every segment's VLAN, with a number", () => {
    const calls = apply(NEXT);
    const made = calls.findIndex((call) => call.includes("add-port vxbr cfd"));
    const set = calls.findIndex((call) => call.includes("--bundle add-flows vxbr"));
    expect([made, set].every((at) => at >= 0)).toBe(true);
    expect(made).toBeLessThan(set);
    const of = `external_ids:vxlab-chain="${LAB}-lab-web-kvm1-hops"`;
    expect(calls[made]).toBe(
      `ovs-vsctl --may-exist add-port vxbr cfd -- set port cfd tag=4095 ${of} -- set interface cfd type=vxlan ` +
        `ofport_request=${numbers()["cfd"]} options:remote_ip=flow options:local_ip="192.168.10.156" options:key="13" ` +
        `options:dst_port="4789" ${of}`,
    );
  });

  describe("with a transparent box that it did not have", () => {
    const ASKED = /get interface (\S+) bfd_status:state$/;
    const ports = (): void => void host.shell(`mkdir -p ${host.path("net")}/v-fw ${host.path("net")}/v-fw_1`);
    const words = (state: ChainState): string[] =>
      apply(state).flatMap((call) => {
        const [, asked] = ASKED.exec(call) ?? [];
        if (asked !== undefined) return [`asks ${asked}`];
        return / (set|clear) interface \S+ bfd/.exec(call)
          ? [call.replace(/^.* (set|clear) interface (\S+).*/, "$1 $2")]
          : [];
      });

    it("waits until both ports get probes, and ends these; once", () => {
      ports();
      host.shows("states", "down\nup\nup\n");
      const all = "set v-fw, set v-fw_1, asks v-fw, asks v-fw, asks v-fw_1, clear v-fw, clear v-fw_1";
      expect(words(HOPS).join(", ")).toBe(all);
      expect(words(HOPS)).toEqual([]);
      expect(words(NEXT)).toEqual([]);
    });

    it("does not wait where probes decide", () => {
      ports();
      const probed = hopsState({ ...CHAIN, failure: ChainFailure.Open, probe: 500 }, ON);
      expect(words(probed)).toEqual(["set v-fw", "set v-fw_1"]);
    });

    it("goes on after a while when none comes, and does not wait for a container that does not run", () => {
      expect(words(HOPS)).toEqual([]);
      apply({ ...HOPS, boxes: [] });
      ports();
      host.runs("sleep", "#!/bin/sh\n");
      const said = words(HOPS);
      expect(said.filter((word) => word === "asks v-fw").length).toBe(51);
      expect(said.slice(-2)).toEqual(["clear v-fw", "clear v-fw_1"]);
    });

    it("refuses something else where a port belongs", () => {
      expect(refused({ ...HOPS, boxes: ["v-fw; reboot"] })).toContain("where a name or an address belongs");
    });
  });

  describe("with probes", () => {
    const probed = { ...CHAIN, failure: ChainFailure.Open, probe: 500 };
    const PROBED = hopsState(probed, ON);
    const SET = (veth: string) =>
      `ovs-vsctl --if-exists set interface ${veth} bfd:enable=true bfd:min_tx=500 bfd:min_rx=500`;
    const bfd = (calls: string[]) =>
      calls.filter((call) => call.includes("bfd")).map((call) => call.replace("--timeout=60 ", ""));

    it("has both ports of a transparent box probed, no others, and keeps which for when they are made anew", () => {
      expect(bfd(apply(PROBED))).toEqual([SET("v-fw"), SET("v-fw_1")]);
      expect(host.read(`state/chains/${LAB}-lab-web-kvm1-hops/probes`)).toBe("v-fw 500\nv-fw_1 500\n");
      expect(bfd(apply(nextState(probed, ON), "lab-web-kvm1-next"))).toEqual([]);
      expect(hopsState(probed, { ...ON, host: "kvm2" })).not.toHaveProperty("probed");
    });

    it("ends them with the setting, and with the chain", () => {
      const cleared = ["v-fw", "v-fw_1"].map((veth) => `ovs-vsctl --if-exists clear interface ${veth} bfd`);
      apply(PROBED);
      expect(bfd(apply(HOPS))).toEqual(cleared);
      expect(existsSync(host.path(`state/chains/${LAB}-lab-web-kvm1-hops/probes`))).toBe(false);
      expect(bfd(apply(HOPS))).toEqual([]);
      apply(PROBED);
      host.calls();
      expect(host.guest(["remove", "chain"], input(PROBED)).code).toBe(0);
      expect(bfd(host.everything().map((call) => call.join(" ")))).toEqual(cleared);
    });

    it("observes and names a port that somebody stopped probing", () => {
      apply(PROBED);
      host.shows("flows", "cookie=0x5f\n");
      host.shows("bfd", 'true\n"500"\n"500"\n');
      for (const veth of ["v-fw", "v-fw_1"]) host.shell(`mkdir -p ${host.path("net")}/${veth}`);
      expect(observed(PROBED)).toMatchObject({ probed: ["v-fw", "v-fw_1"] });
      expect(drift().filter((line) => line.includes("probed"))).toEqual([]);
      host.shows("bfd", 'true\n"500"\n"100"\n');
      expect(observed(PROBED)).toMatchObject({ probed: [] });
      expect(drift()).toContain("chain web: port v-fw is not probed");
    });

    it("refuses a state with something else where a port or a number belongs", () => {
      expect(refused({ ...PROBED, probed: ["v-fw; reboot"] })).toContain(
        "where a name or an address belongs",
      );
      expect(refused({ ...PROBED, probe: "$(id)" as unknown as number })).toContain("where a name");
    });
  });

  it("takes a tunnel away after the last flow that sent into it", () => {
    host.shows("ports", "cfd\ncf99\n");
    const calls = apply(NEXT);
    const set = calls.findIndex((call) => call.includes("--bundle add-flows vxbr"));
    const gone = calls.flatMap((call, at) => (call.includes("del-port") ? [[call, at > set]] : []));
    expect(gone).toEqual([["ovs-vsctl --if-exists del-port cf99", true]]);
  });

  it("renumbers a port that was there before, whose port security is set for the new number first", () => {
    host.shows("interfaces", "v-a,3\nv-fw,4\neth0,1\n");
    host.shows("gives", "v-a,8193\nv-fw,8194\neth0,1\n");
    host.shows("state/ofports", "v-a 8193\nv-fw 8194\n");
    host.shows("state/containers/a/flows/v-a", 'delete cookie=1/-1\ncookie=1,in_port="v-a" actions=drop\n');
    const calls = apply(HOPS);
    const at = (call: string) => calls.indexOf(call);
    const asked = at("ovs-vsctl set interface v-a ofport_request=8193");
    expect(at("ovs-ofctl add-flows vxbr -")).toBeLessThan(asked);
    expect(asked).toBeLessThan(
      calls.findIndex((call) => call.endsWith("state/containers/a/flows/v-a") && call.includes("--bundle")),
    );
    expect(host.said()).toBe("cookie=1,in_port=8193 actions=drop\n");
    expect(calls.some((call) => call.includes("interface eth0"))).toBe(false);
  });

  it("applies a gateway's service again when its device is made anew with another number, and no other service", () => {
    const service = (device: string) => ({
      ...{ id: `lab-kvm1-${device}-service`, lab: LAB, bridge: "vxbr", device, local: KVM1.vtep },
      ...{ mac: "02:00:00:00:00:09", mtu: 1450, nat: false, addresses: ["10.0.3.1/24"], closed: [] },
    });
    for (const device of ["gw-red", "gw-blue"]) {
      host.keeps("service", service(device));
      for (const file of ["address", "mtu", "flags"]) host.shows(`net/${device}/${file}`, "0\n");
    }
    host.shows("sys/net/ipv4/conf/vxbr/arp_ignore", "0\n");
    host.shows("interfaces", "gw-red,3\ngw-blue,4\n");
    host.shows("state/ofports", "gw-red 8193\n");
    host.runs("ovs-vsctl", VSCTL.replace("interface v-", "interface gw-red "));
    host.shows("gives", "gw-red,8193\ngw-blue,4\n");
    const calls = apply(HOPS);
    const at = (call: RegExp) => calls.findIndex((one) => call.test(one));
    const asked = at(/set interface gw-red ofport_request=8193$/);
    expect(asked).toBeGreaterThanOrEqual(0);
    expect(at(/--may-exist add-port vxbr gw-red .*ofport_request=8193/)).toBeGreaterThan(asked);
    expect(at(/^ip link set dev gw-red up$/)).toBeGreaterThan(asked);
    expect(calls.some((call) => call.includes("gw-blue"))).toBe(false);
  });

  it("fails when Open vSwitch gives a port another number", () => {
    host.shows("interfaces", "v-a,3\n");
    host.shows("state/ofports", "v-a 8193\n");
    expect(refused(HOPS)).toContain(
      "Open vSwitch gives ports of chain web numbers other than the wanted ones: v-a 8193 3",
    );
  });

  it("waits for a switch that starts, and not for one that refuses", () => {
    host.shows("late", "1\n2\n3\n");
    expect(apply(HOPS).filter((call) => call.includes("--bundle add-flows")).length).toBe(4);
    host.runs(
      "ovs-ofctl",
      '#!/bin/sh\ncase "$*" in *--bundle*) echo "ovs-ofctl: bad match" >&2; exit 1 ;; esac\n',
    );
    expect(refused(HOPS)).toContain("no flows of chain web on vxbr: ovs-ofctl: bad match");
  });

  it.each([
    ["another owner's flow", "cookie=0x1,priority=1 actions=drop"],
    ["a second command", "cookie=0x5f00000b00000c01,priority=1 actions=drop; reboot"],
    ["a line of its own", "cookie=0x5f00000b00000c01 actions=drop\ndelete"],
  ])("takes no %s for a flow", (_, flow) => {
    expect(refused({ ...HOPS, flows: [flow] })).toContain("desired state h");
    expect(existsSync(host.path(`state/chains/${LAB}-lab-web-kvm1-hops/flows`))).toBe(false);
  });

  it("observes what it is given, other flows, a tunnel that leads elsewhere, and nothing", () => {
    apply(NEXT);
    expect(observed(NEXT)).toBe(null);
    host.shows("flows", " cookie=0x5f actions=drop\n");
    const tunnel = (...words: string[]) => host.shows("key", words.join("\n"));
    tunnel("vxlan", "13", NEXT.local, "4789");
    expect(observed(NEXT)).toEqual(NEXT);
    tunnel("geneve", "13", "192.168.10.9", "6081");
    const other = { encapsulation: "geneve", local: "192.168.10.9", udpPort: 6081 };
    expect(observed(NEXT)).toEqual({ ...NEXT, ...other });
    tunnel("vxlan", "14", NEXT.local, "4789");
    expect(observed(NEXT)).toEqual({ ...NEXT, tunnels: [] });
    host.shows("differ", "");
    expect(observed(NEXT)).not.toMatchObject({ flows: NEXT.flows });
  });

  it("names as drift a tunnel that is missing and a port with another number", () => {
    apply(NEXT);
    host.shows("bridge", "vxbr\n");
    expect(drift()).toEqual([]);
    host.shows("bridge", "");
    host.shows("interfaces", "v-a,3\n");
    host.shows("state/ofports", "v-a 8193\ncfd 8194\n");
    expect(drift()).toEqual([
      "chain web.next: tunnel cfd is missing",
      "port v-a has the OpenFlow number 3 instead of 8193: its chains do not work",
    ]);
  });

  describe("a hop that leaves", () => {
    const without: ChainWanted = { ...CHAIN, hops: [A, B] };
    const [fewer, after] = [hopsState(without, ON), nextState(without, ON)];
    const next = "lab-web-kvm1-next";
    const bundle = () => host.read("bundle").trim().split("\n");
    const ofFw = (lines: string[]) => lines.filter((line) => line.startsWith("cookie=0x5f00000b00000c"));
    const count = (packets: number, reply = 0) =>
      ` cookie=0x5f00000b00000c03, table=5, n_packets=${packets}, n_bytes=9, x cookie=0x5f00000b00000c04, n_packets=${reply}\n`;
    const moment = (packets: number) => count(packets);

    beforeEach(() => {
      apply(HOPS);
      apply(NEXT, next);
      host.shows("ports", "cfb\ncfc\n");
    });

    it("keeps its flows and tunnels in its host's first step, but is not kept for the next start of the switch", () => {
      const calls = apply(fewer);
      expect(ofFw(bundle()).length).toBe(ofFw(HOPS.flows).length);
      expect(calls.some((call) => call.includes("del-port"))).toBe(false);
      expect(ofFw(flowsOf("lab-web-kvm1-hops").split("\n"))).toEqual([]);
    });

    it("loses them in the second step, once it is given no more packets", () => {
      apply(fewer);
      host.shows("counts", [9, 9, 9, 9, 9, 9, 7, 5].map(moment).join(""));
      const calls = apply(after, next);
      // 5, 7, then 9 and four times the same.
      expect(calls.filter((call) => call.startsWith("ovs-ofctl dump-flows")).length).toBe(7);
      expect(bundle()).toEqual(["delete cookie=0x5f00000b00000c00/0xffffffffffffff00"]);
      const gone = calls.filter((call) => call.includes("del-port"));
      expect(gone).toContain("ovs-vsctl --if-exists del-port cfc");
      expect(host.shell(`ls ${host.path("state/chains")}/*/`).stdout).not.toMatch(/stale|leaving/);
    });

    it("is waited for twenty seconds, not for ever; where none leaves, nothing is waited for", () => {
      apply(fewer);
      host.shows("counts", Array.from({ length: 60 }, (_, n) => moment(100 - n)).join(""));
      const dumps = (calls: string[]) =>
        calls.filter((call) => call.startsWith("ovs-ofctl dump-flows")).length;
      expect(dumps(apply(after, next))).toBe(40);
      expect(dumps(apply(after, next))).toBe(0);
    });

    it("is not waited for when the chain begins elsewhere: nothing of before stays", () => {
      const other: ChainWanted = { ...CHAIN, hops: [end("c", KVM1, 14, 3), FW, B] };
      apply(hopsState(other, ON));
      expect(bundle().slice(0, 2)).toEqual([
        "delete cookie=0x5f00000e00000000/0xffffffff000000f0",
        `delete cookie=${HOPS.cookie}`,
      ]);
      expect(bundle().filter((line) => line.startsWith("cookie=0x5f00000b"))).toEqual([]);
    });
  });

  it("leaves nothing when it is removed", () => {
    apply(HOPS);
    host.shows("ports", "cfb\ncfc\n");
    host.calls();
    expect(host.guest(["remove", "chain"], input(HOPS)).code).toBe(0);
    const calls = host.everything().map((call) => call.join(" "));
    expect(calls).toEqual(
      expect.arrayContaining([
        `ovs-ofctl del-flows vxbr cookie=${HOPS.cookie}`,
        "ovs-vsctl --if-exists del-port cfb",
        "ovs-vsctl --if-exists del-port cfc",
      ]),
    );
    expect(existsSync(host.path("state/chains"))).toBe(false);
    expect(host.kept()).toEqual([]);
  });
});
