/** components/impairment/: what tc is told, what is left afterwards, and what is said of it. */
import { existsSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeHost } from "./fake-host";

const LAB = "00c0ffee";
const STEP = "lab-kvm1-slow";
const ID = `${LAB}-${STEP}`;
const LINK = {
  device: "i-slow",
  remote: "192.168.10.222",
  packets: [{ address: "192.168.10.222", udpPort: 4789, vni: 100 }],
};
const SLOW = {
  ...{ id: STEP, lab: LAB, impairment: "slow", local: "192.168.10.156" },
  ...{ delay: "50ms", jitter: "5ms", loss: "1.5%", rate: "10mbit", links: [LINK] },
};
const FAR = {
  ...{ id: "lab-kvm1-far", lab: LAB, impairment: "far", local: "192.168.10.156", loss: "1%" },
  ports: [
    { device: "i-far", veth: "v-c1", direction: "out" },
    { device: "i-far_1", veth: "v-c1", direction: "in" },
  ],
};
/** As tc lists a filter of ours. */
const LISTED = (device: string) => `filter protocol ip pref 5601 u32 chain 0
filter protocol ip pref 5601 u32 chain 0 fh 800: ht divisor 1
filter protocol ip pref 5601 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 terminal flowid not_in_hw
  match c0a80ade/ffffffff at 16
  match 00006400/ffffff00 at 32
	action order 1: mirred (Egress Redirect to device ${device}) stolen
	index 1 ref 1 bind 1
`;
const QUEUE =
  '[{"kind":"netem","handle":"8001:","root":true,"options":{"limit":213,"delay":{"delay":0.05,"jitter":0.005,"correlation":0},' +
  '"loss-random":{"loss":0.015,"correlation":0},"rate":{"rate":1250000},"ecn":false,"gap":0}}]\n';

let host: FakeHost;

function apply(state: object): string[] {
  host.calls();
  const { code, stderr } = host.guest(["apply", "impairment"], state);
  expect([code, stderr]).toEqual([0, ""]);
  return host.everything().map((call) => call.join(" "));
}

const drift = () => host.guest(["drift"]).stdout;

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
    host.shows("route", "192.168.10.222 from 192.168.10.156 dev eth0 uid 0\n");
    host.shows("proc/sys/kernel/random/boot_id", "this-boot\n");
    for (const name of ["eth0", "v-c1"]) host.shows(`net/${name}/flags`, "0x1003\n");
    for (const name of ["ifb", "sch_netem"]) host.shows(`modules/${name}/x`, "");
    host.shows("said", "");
  });

  it("leads the tunnel packets of one VNI to one host through a queue of its own", () => {
    const calls = apply(SLOW);
    expect(calls).toContain("ip link add i-slow type ifb");
    expect(calls).toContain(
      "tc qdisc replace dev i-slow root netem limit 213 delay 50000us 5000us loss 1.5000% duplicate 0.0000% " +
        "reorder 0.0000% corrupt 0.0000% rate 10000000bit",
    );
    expect(calls).toContain("tc qdisc add dev eth0 clsact");
    expect(host.said()).toBe(
      "filter add dev eth0 egress protocol ip pref 5601 u32 match ip dst 192.168.10.222/32 match ip protocol 17 0xff " +
        "match ip dport 4789 0xffff match u32 0x00006400 0xffffff00 at 32 action mirred egress redirect dev i-slow\n",
    );
    expect(calls.filter((call) => /root (htb|prio)|qdisc (replace|add) dev eth0 root/.test(call))).toEqual(
      [],
    );
  });

  it("matches IPv6 at its own offsets, and all VNIs after those of one", () => {
    host.shows("route", "fd00::2 from fd00::1 dev eth0\n");
    const packets = [{ address: "fd00::2", udpPort: 4789 }];
    apply({ ...SLOW, local: "fd00::1", links: [{ ...LINK, remote: "fd00::2", packets }] });
    expect(host.said()).toContain(
      "protocol ipv6 pref 5604 u32 match ip6 dst fd00::2/128 match ip6 protocol 17 0xff match ip6 dport 4789 0xffff action",
    );
  });

  it("impairs a container on the host's side of its interface, both ways", () => {
    apply(FAR);
    expect(host.said()).toBe(
      "filter add dev v-c1 ingress protocol all pref 5607 u32 match u32 0 0 action mirred egress redirect dev i-far\n" +
        "filter add dev v-c1 egress protocol all pref 5608 u32 match u32 0 0 action mirred egress redirect dev i-far_1\n",
    );
  });

  it("waits for a container's interface that is not there, and nic_plug leads through it", () => {
    host.forgets("net/v-c1");
    apply(FAR);
    expect(host.said()).toBe("");
    host.shows("net/v-c1/flags", "0x1003\n");
    const { code, stderr } = host.shell("impair_plug v-c1");
    expect([code, stderr]).toEqual([0, ""]);
    expect(host.said().match(/redirect dev i-far/g)).toHaveLength(2);
  });

  it("adds no filter twice, and edits the queue alone", () => {
    host.shows("filters-eth0", LISTED("i-slow"));
    apply(SLOW);
    host.shows("said", "");
    const calls = apply({ ...SLOW, delay: "20ms" });
    expect(calls.filter((call) => /filter (add|del)|-batch|link add|qdisc add/.test(call))).toEqual([]);
    expect(calls.join("\n")).toContain("delay 20000us 5000us");
  });

  it("refuses an interface whose ingress queue is its owner's", () => {
    host.shows("queue-eth0", "qdisc ingress ffff: parent ffff:fff1 ----------------\n");
    const { code, stderr } = host.guest(["apply", "impairment"], SLOW);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("eth0 has an ingress qdisc that is not vxlab"),
    ]);
  });

  it("takes over no interface of somebody else's", () => {
    host.shows("net/i-slow/ifalias", "");
    const { code, stderr } = host.guest(["apply", "impairment"], SLOW);
    expect([code, stderr]).toEqual([1, expect.stringContaining("i-slow is not this lab's")]);
  });

  it("refuses a name that another lab has there", () => {
    apply(SLOW);
    const { code, stderr } = host.guest(["apply", "impairment"], { ...SLOW, lab: "beef" });
    expect([code, stderr]).toEqual([1, expect.stringContaining("in use on this host by another lab")]);
  });

  it("leaves nothing when it is removed: filters first, then the device and clsact", () => {
    host.shows("filters-eth0", LISTED("i-slow"));
    apply(SLOW);
    host.runs(
      "tc",
      '#!/bin/sh\necho "tc $*" >>"$FAKE/order"\ncase $* in *filter*egress) [ -e $FAKE/gone ] || cat $FAKE/filters-eth0 ;; *filter*del*) : >$FAKE/gone ;; *-s*) echo backlog 0b 0p ;; esac\n',
    );
    const { code, stderr } = host.guest(["remove", "impairment"], SLOW);
    expect([code, stderr]).toEqual([0, ""]);
    const order = host
      .read("order")
      .split("\n")
      .filter((call) => / del /.test(call));
    expect(order).toEqual([
      "tc filter del dev eth0 egress protocol ip pref 5601 handle 800::800 u32",
      "tc qdisc del dev eth0 clsact",
    ]);
    expect([existsSync(host.path("net/i-slow")), existsSync(host.path("state/impaired"))]).toEqual([
      false,
      false,
    ]);
  });

  it.each([
    [
      "is deleted with its last filter",
      "filter protocol ip pref 5601 u32 chain 0 fh 800: ht divisor 1",
      true,
    ],
    ["is kept for another filter", "filter protocol ip pref 5601 u32 chain 0 fh 800::801 order 2049", false],
  ])("a table of u32 %s", (_, left, goes) => {
    host.shows("filters-eth0", LISTED("i-slow"));
    apply(SLOW);
    host.runs(
      "tc",
      `#!/bin/sh\necho "tc $*" >>"$FAKE/order"\ncase $* in *show*pref*) echo "${left}" ;; *filter*egress) [ -e $FAKE/gone ] || cat $FAKE/filters-eth0 ;; *filter*del*) : >$FAKE/gone ;; *-s*) echo backlog 0b 0p ;; esac\n`,
    );
    expect(host.guest(["remove", "impairment"], SLOW).code).toBe(0);
    const calls = host.read("order").split("\n");
    expect(calls.includes("tc filter del dev eth0 egress protocol ip pref 5601")).toBe(goes);
  });

  it("keeps a clsact that was there before, or that is of an earlier boot", () => {
    host.shows("queue-eth0", "qdisc clsact ffff: parent ffff:fff1\n");
    apply(SLOW);
    host.calls();
    host.guest(["remove", "impairment"], SLOW);
    expect(host.everything().map((call) => call.join(" "))).not.toContain("tc qdisc del dev eth0 clsact");
  });

  it("drops the place that an edit takes away, and no other", () => {
    apply(FAR);
    apply({ ...FAR, ports: FAR.ports.slice(0, 1) });
    expect([existsSync(host.path("net/i-far")), existsSync(host.path("net/i-far_1"))]).toEqual([true, false]);
  });

  it("observes what it was given, and what somebody changed", () => {
    host.shows("filters-eth0", LISTED("i-slow"));
    apply(SLOW);
    host.shows("queue-i-slow", QUEUE);
    const wanted = JSON.parse(host.read(`state/desired/impairment-${ID}.json`)) as { state: object };
    expect(JSON.parse(host.guest(["observe", "impairment"], SLOW).stdout)).toMatchObject({
      state: wanted.state,
    });
    host.shows("queue-i-slow", QUEUE.replace('"delay":0.05', '"delay":0.02'));
    host.shows("filters-eth0", "");
    const { state } = JSON.parse(host.guest(["observe", "impairment"], SLOW).stdout) as {
      state: { netem: { delay: number }; places: { device: unknown }[] };
    };
    expect([state.netem.delay, state.places[0]?.device]).toEqual([20000, null]);
    host.forgets("net/i-slow");
    expect(JSON.parse(host.guest(["observe", "impairment"], SLOW).stdout)).toMatchObject({ state: null });
  });

  it("drifts when its queue, its filters or its device change", () => {
    host.shows("filters-eth0", LISTED("i-slow"));
    apply(SLOW);
    host.shows("queue-i-slow", QUEUE);
    host.shows("net/i-slow/flags", "0x83\n");
    expect(drift()).toBe("");
    host.shows("queue-i-slow", QUEUE.replace("0.015", "0.5"));
    expect(drift()).toContain(`"step":"${STEP}","found":"impairment slow: loss of its queue is 500000`);
    host.shows("queue-i-slow", QUEUE);
    host.shows("net/i-slow/flags", "0x82\n");
    expect(drift()).toContain("i-slow is down");
    host.shows("net/i-slow/flags", "0x83\n");
    host.shows("filters-eth0", LISTED("*"));
    expect(drift()).toContain("packets are not redirected through i-slow");
    host.forgets("net/i-slow");
    expect(drift()).toContain("interface i-slow is missing");
  });
});
