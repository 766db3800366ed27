import { describe, expect, it } from "vitest";
import { capture, captureLine, tcpdumpArguments } from "../../cli/commands/capture";
import type { Context } from "../../cli/command";
import { Fault } from "../../cli/exit";
import { targetNamed } from "../../cli/words";
import { fabricLab, referenceLab, twoSegments } from "./fixture";

const lab = referenceLab();
const kvm1 = targetNamed(lab, "kvm1");
const c1 = targetNamed(lab, "c1");
const mixed = targetNamed(twoSegments(), "kvm1");
const veth = c1.container?.interfaces[0]?.veth ?? "missing";
const wish = { interface: "eth0", binary: false, filter: "" };
const before = ["-i", "eth0", "--immediate-mode"];

describe("tcpdump is asked for", () => {
  it.each([
    ["the lab's VXLAN, as text", kvm1, wish, [...before, "-l", "-n", "-e", "-T", "vxlan", "udp port 4789"]],
    [
      "all ports of a host with two segments",
      mixed,
      wish,
      [...before, "-l", "-n", "-e", "-T", "vxlan", "udp port 4789 or udp port 4790"],
    ],
    [
      "so many packets",
      kvm1,
      { ...wish, count: 10 },
      [...before, "-c", "10", "-l", "-n", "-e", "-T", "vxlan", "udp port 4789"],
    ],
    ["a file", kvm1, { ...wish, binary: true }, [...before, "-U", "-w", "-", "udp port 4789"]],
    [
      "what the user wants, undecoded where it may be no VXLAN",
      kvm1,
      { ...wish, interface: "vxbr", filter: "arp or icmp" },
      ["-i", "vxbr", "--immediate-mode", "-l", "-n", "-e", "arp or icmp"],
    ],
    [
      "all of a container's first interface, at the host's end of it",
      c1,
      { binary: true, filter: "" },
      ["-i", veth, "--immediate-mode", "-U", "-w", "-"],
    ],
    [
      "some packets of a container",
      c1,
      { binary: false, filter: "icmp" },
      ["-i", veth, "--immediate-mode", "-l", "-n", "-e", "icmp"],
    ],
  ])("%s", (_, target, what, words) => {
    expect(tcpdumpArguments(target, what)).toEqual(words);
  });

  it("a container's second interface, by the name that it has there", () => {
    const target = targetNamed(fabricLab(), "c1");
    const second = target.container?.interfaces[1]?.veth;
    expect(tcpdumpArguments(target, { ...wish, interface: "eth1" }).slice(0, 2)).toEqual(["-i", second]);
    expect(() => tcpdumpArguments(target, { ...wish, interface: "eth2" })).toThrow(
      "container c1 has no interface eth2: it has eth0, eth1",
    );
  });

  it("nothing that is not in the lab", () => {
    expect(() => targetNamed(lab, "x")).toThrow(
      'the lab has no host or container "x": it has kvm1, kvm2, c1, c2',
    );
  });

  it("for so many seconds, 0 without an end", () => {
    expect(captureLine(kvm1, { ...wish, seconds: 7 })).toMatch(/ vxlab 7 -i eth0 /);
    expect(captureLine(kvm1, wish)).toMatch(/ vxlab 0 -i eth0 .* 'udp port 4789'$/);
  });
});

describe("usage", () => {
  it.each([
    [["kvm1", "--count", "0"], "--count 0: give a whole number above 0"],
    [["kvm1", "--count", "x"], "--count x: give a whole number above 0"],
    [["kvm1", "--seconds", "-1"], "--seconds"],
    [[], "a name is missing"],
    [["kvm1", "udp"], "unexpected: udp"],
  ])("%j is refused before anything is asked", async (args, message) => {
    const attempt = capture.run({ environment: {} } as Context, args);
    await expect(attempt).rejects.toThrow(Fault);
    await expect(capture.run({ environment: {} } as Context, args)).rejects.toThrow(message);
  });
});
