/** What an overlay costs: the answers of hosts in, figures out. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { measuredPlot } from "../../cli/output/measured-plot";
import { measuredJson, measuredText, spanOf } from "../../cli/output/measured";
import { measurable, measure } from "../../verify/measure";
import { parseOverhead, parseTransfer, parseWay } from "../../verify/evidence/measure";
import { fabricLab, referenceLab } from "../cli/fixture";
import { hostsThat, said } from "./asked";

/** As measure.sh prints it. */
const way = (mtu: number, warm: number[]) =>
  ["== measured", `mtu ${mtu}`, `fits ${mtu}`, "cold 9", "cold 7", ...warm.map((ms) => `warm ${ms}`)].join(
    "\n",
  );
const iperf3 = (rate: number) =>
  `== iperf3\n${JSON.stringify({ end: { sum_sent: { bits_per_second: 9e9 }, sum_received: { bits_per_second: rate } } })}`;
/** tcpdump -v: the outer packet, and the inner one where it knows what carries it. */
const CAPTURED = [
  "IP (tos 0x0, ttl 64, id 1, offset 0, flags [DF], proto UDP (17), length 1050)",
  "    192.168.10.156.5000 > 192.168.10.222.4789: VXLAN, flags [I] (0x08), vni 100",
  "IP (tos 0x0, ttl 64, id 2, offset 0, flags [DF], proto ICMP (1), length 1000)",
  "IP (tos 0x0, ttl 64, id 3, offset 0, flags [DF], proto TCP (6), length 1500)",
].join("\n");

function hosts(more: { iperf3?: boolean; silent?: boolean } = {}) {
  const commands: string[] = [];
  const ask = hostsThat({
    hears: { kvm1: CAPTURED },
    ask(_, command) {
      commands.push(command);
      if (command.includes("lxc-info"))
        return said(`310\n${more.iperf3 === false ? "" : "/usr/bin/iperf3\n"}`);
      if (more.silent === true) return said("");
      if (command.includes("measure.sh PID"))
        return said(command.includes("vxlab 0 ") ? way(1500, [1, 3, 2]) : way(1450, [4, 6, 5]));
      if (command.includes("transfer.sh")) {
        if (command.includes(" nc ") && more.iperf3 === false) return said("== nc 8388608 100.00 102.00\n");
        return said(iperf3(command.includes(" 0 192.168.10.222 ") ? 60e6 : 40e6));
      }
      return said("");
    },
  });
  return { ask, commands };
}

const lab = referenceLab();
const [ends] = measurable(lab);
const measured = async (more = {}) =>
  measure(hosts(more).ask, lab, ends ?? expect.unreachable(), () => undefined);

describe("what is measured", () => {
  it("is the way between two containers of a segment on two hosts", () => {
    const names = (a?: string, b?: string) =>
      measurable(lab, a, b).map(({ from, to, address }) => [from.name, to.name, address]);
    expect(names()).toEqual([
      ["c1", "c2", "10.0.3.11"],
      ["c2", "c1", "10.0.3.10"],
    ]);
    expect(names("c2", "c1")).toEqual([["c2", "c1", "10.0.3.10"]]);
    expect(names("c1", "c1")).toEqual([]);
    for (const { from, to } of measurable(fabricLab())) {
      expect(from.segment).toBe(to.segment);
      expect(from.host).not.toBe(to.host);
    }
  });

  it("is both ways, from the host's network and the container's", async () => {
    const found = await measured();
    expect(found.underlay).toEqual({ mtu: 1500, fits: true, cold: [9, 7], warm: [1, 3, 2], rate: 60e6 });
    expect(found.overlay).toEqual({ mtu: 1450, fits: true, cold: [9, 7], warm: [4, 6, 5], rate: 40e6 });
    expect([found.overhead, found.tool]).toEqual([50, "iperf3"]);
  });

  it("is sent by busybox nc where a host has no iperf3", async () => {
    const found = await measured({ iperf3: false });
    expect([found.tool, found.overlay.rate]).toEqual(["nc", 33554432]);
  });

  it("is nothing where nothing is answered, and no figure is made up", async () => {
    const found = await measured({ silent: true });
    expect(found.overlay).toEqual({ fits: false, cold: [], warm: [] });
    expect(measuredText(found)).toContain("no answer");
    expect(measuredText(found)).toContain("nothing arrived");
    expect(measuredJson(found)).toMatchObject({ overlay: { mtu: null, warm: null, throughput: null } });
    expect(measuredPlot(found)).toContain(">none<");
  });

  it("is refused for a container that does not run", async () => {
    const ask = hostsThat({ ask: () => said("") });
    await expect(measure(ask, lab, ends ?? expect.unreachable(), () => undefined)).rejects.toThrow(
      "c1 does not run on kvm1",
    );
  });
});

describe("the table", () => {
  it("has both ways beside each other", async () => {
    expect(measuredText(await measured()).split("\n")).toEqual([
      "c1 on kvm1 to c2 on kvm2: segment red, VXLAN, VNI 100, flooding unicast",
      "",
      "                               UNDERLAY       OVERLAY",
      "MTU                            1500           1450",
      "bytes added to a packet        -              50",
      "round trip, neighbour unknown  7 ms (7 to 9)  7 ms (7 to 9)",
      "round trip, in a row           2 ms (1 to 3)  5 ms (4 to 6)",
      "TCP throughput (iperf3)        60.0 Mbit/s    40.0 Mbit/s",
      "",
      "round trips: the median, and in brackets the least and the most",
    ]);
  });

  it("is also JSON and a picture", async () => {
    const found = await measured();
    expect(measuredJson(found)).toMatchObject({
      overhead: 50,
      overlay: { mtu: 1450, warm: { least: 4, median: 5, most: 6, answers: 3 }, throughput: 40e6 },
    });
    const picture = measuredPlot(found);
    expect(picture).toContain("5.00 ms");
    expect(picture.match(/<rect /g)).toHaveLength(9);
    // The picture of the documentation has the same colours, also on a dark background.
    const style = /<style>.*prefers-color-scheme:dark.*<\/style>/.exec(picture)?.[0] ?? "none";
    expect(readFileSync(join(__dirname, "../../docs/measure.svg"), "utf8")).toContain(style);
  });
});

describe("answers of programs", () => {
  it("are read: ping, iperf3, nc, tcpdump over IPv4 and IPv6", () => {
    expect(parseWay("== measured\nmtu \n")).toEqual({ fits: false, cold: [], warm: [] });
    expect(parseTransfer('== iperf3\n{"error":"unable to connect"}')).toBeUndefined();
    expect(parseTransfer("== nc 100 5.0 5.0")).toBeUndefined();
    expect(parseTransfer("")).toBeUndefined();
    expect(parseOverhead(CAPTURED)).toBe(50);
    expect(parseOverhead("IP6 (hlim 64, next-header UDP (17) payload length: 1030) a > b: VXLAN")).toBe(70);
    expect(parseOverhead("IP (proto TCP (6), length 1500)")).toBeUndefined();
  });

  it("have a median, of an even number the lower one", () => {
    expect(spanOf([4, 1, 3, 2])).toEqual({ least: 1, median: 2, most: 4, answers: 4 });
    expect(spanOf([])).toBeUndefined();
  });
});
