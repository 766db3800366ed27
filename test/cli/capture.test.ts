import { describe, expect, it } from "vitest";
import { capture, captureLine, tcpdumpArguments } from "../../cli/commands/capture";
import type { Context } from "../../cli/command";
import { Fault } from "../../cli/exit";
import { referenceLab, twoSegments } from "./fixture";

const [kvm1] = referenceLab().hosts;
const [mixed] = twoSegments().hosts;
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
  ])("%s", (_, host, what, words) => {
    expect(tcpdumpArguments(host, what)).toEqual(words);
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
