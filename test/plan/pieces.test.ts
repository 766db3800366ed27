/** The small parts, one table each. */
import { describe, expect, it } from "vitest";
import { addressText, memberFault, overlap, usableRange } from "../../plan/addresses";
import { readAddress, readInterface, readSubnet } from "../../plan/read-address";
import { computedMac, macFault, MacKind } from "../../plan/mac";
import { maxOverlayMtu, tunnelOverhead } from "../../plan/net/encap";
import { IpFamily } from "../../plan/net/family";
import { tunnelName, vethName } from "../../plan/names";
import { nearest, pathOf } from "../../plan/rules";

describe("addresses", () => {
  it.each([
    ["0.0.0.0/8", undefined],
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"]],
    ["192.168.10.0/24", ["192.168.10.0", "192.168.10.255"]],
    ["192.168.10.252/30", ["192.168.10.252", "192.168.10.255"]],
    ["223.255.255.0/24", ["223.255.255.0", "223.255.255.255"]],
    ["fd00:0:0:1::/64", ["fd00:0:0:1::", "fd00::1:ffff:ffff:ffff:ffff"]],
    ["FD00:0::0100/120", ["fd00::100", "fd00::1ff"]],
    ["fd00::/31", undefined],
    ["ff05::/64", undefined],
  ])("reads the subnet %s", (text, bounds) => {
    const { value } = readSubnet(text);
    expect(value && [value.first, value.last].map(addressText)).toEqual(bounds);
  });

  it.each([
    "100.64.0.0/10",
    "192.0.2.0/24",
    "198.18.0.0/15",
    "2001:db8::/32",
    "169.253.0.0/16",
    "172.16.0.0/12",
  ])("takes %s, which works inside a lab", (text) => expect(readSubnet(text).fault).toBeUndefined());

  it("takes a link-local address of a name server, but no such network", () => {
    expect(readAddress("169.254.169.253").fault).toBeUndefined();
    expect(readInterface("169.254.169.253/24").fault).toContain("link-local (169.254.0.0/16)");
  });

  it("writes what it reads, at both ends of the number range", () => {
    for (const text of [
      "1.0.0.0",
      "10.1.2.10",
      "128.0.0.1",
      "192.168.10.156",
      "223.255.255.255",
      "fd00::1",
      "2001:db8::",
    ]) {
      expect(addressText(readAddress(text).value ?? 0n)).toBe(text);
    }
  });

  it.each([
    ["10.0.0.0/8", "10.9.0.0/16", true],
    ["10.9.0.0/16", "10.0.0.0/8", true],
    ["10.0.0.0/24", "10.0.0.0/24", true],
    ["10.0.0.0/24", "10.0.1.0/24", false],
    ["10.0.0.0/25", "10.0.0.128/25", false],
    ["fd00::/64", "fd00::100/120", true],
    ["fd00::/64", "10.0.0.0/8", false],
  ])("%s and %s overlap: %s", (a, b, expected) => {
    const [first, second] = [readSubnet(a).value, readSubnet(b).value];
    expect(first && second && overlap(first, second)).toBe(expected);
  });

  it("knows both usable addresses of a /30", () => {
    const subnet = readSubnet("10.0.0.4/30").value;
    if (subnet === undefined) throw new Error("no subnet");
    expect(usableRange(subnet)).toBe("10.0.0.5 to 10.0.0.6");
    const faults = [3n, 4n, 5n, 6n, 7n, 8n].map(
      (last) => memberFault(subnet, subnet.first - 4n + last)?.split(" ")[2],
    );
    expect(faults).toEqual(["10.0.0.4/30.", "network", undefined, undefined, "broadcast", "10.0.0.4/30."]);
  });

  it("reads an interface's address and subnet", () => {
    expect(readInterface("10.1.2.10/24").value).toMatchObject({
      subnet: { cidr: "10.1.2.0/24", prefix: 24 },
    });
  });
});

describe("MTU", () => {
  it("takes 50 bytes over IPv4 and 70 over IPv6 (RFC 7348; Linux' VXLAN_HEADROOM)", () => {
    expect([tunnelOverhead(IpFamily.V4), tunnelOverhead(IpFamily.V6)]).toEqual([50, 70]);
  });

  it.each([
    [1500, IpFamily.V4, 1450],
    [1500, IpFamily.V6, 1430],
    [1550, IpFamily.V4, 1500],
    [9000, IpFamily.V4, 8950],
    [9000, IpFamily.V6, 8930],
  ])("of an underlay of %i, IPv%i, is %i", (underlay, family, expected) => {
    expect(maxOverlayMtu(underlay, family)).toBe(expected);
  });
});

describe("names", () => {
  it.each([
    ["c1", "v-c1"],
    ["thirteen-char", "v-thirteen-char"],
    ["fourteen-chars", "v-fourteen-ecfc"],
    ["abcdefghijklmno", "v-abcdefgh-41c7"],
  ])("calls the veth of %s %s", (container, expected) => expect(vethName(container)).toBe(expected));

  it.each([
    [1, "192.168.10.222", "vx1-c0a80ade"],
    [100, "192.168.10.222", "vx100-c0a80ade"],
    [100, "10.0.0.1", "vx100-0a000001"],
    [9999, "192.168.10.222", "vx9999-c0a80ade"],
    [9999, "fd00::1", "vx9999-cb2a2b4d"],
    [10000, "192.168.10.222", "vx007ps-1hge31a"],
    [10010100, "10.2.0.11", "vx5yjuc-02ryqyz"],
    [10010100, "10.3.0.11", "vx5yjuc-02s05jf"],
    [16777215, "255.255.255.255", "vx9zldr-1z141z3"],
    [16777215, "fd00::1", "vx9zldr-hqq3r7j"],
  ])("calls the tunnel port of VNI %i towards %s %s", (vni, remote, expected) => {
    expect(tunnelName(vni, remote)).toBe(expected);
  });
});

describe("MAC", () => {
  it("depends on lab, kind and name, with no way to slide from one into the other", () => {
    const macs = [
      computedMac("lab", MacKind.Container, "a1"),
      computedMac("laba", MacKind.Container, "1"),
      computedMac("lab", MacKind.Container, "a2"),
      computedMac("lab", MacKind.Bridge, "a1"),
      computedMac("lab", MacKind.Machine, "a1"),
    ];
    expect(new Set(macs.map((mac) => mac.slice(9))).size).toBe(macs.length);
    expect(macs.map((mac) => mac.slice(0, 2))).toEqual(["02", "02", "02", "0a", "52"]);
    expect(macs.map(macFault)).toEqual(macs.map(() => undefined));
  });
});

describe("paths and near words", () => {
  it("writes paths as `pulumi config set --path` takes them", () => {
    expect(pathOf("hosts", "kvm1", "address")).toBe("hosts.kvm1.address");
    expect(pathOf("hosts", 'a."b', "address")).toBe('hosts["a.\\"b"].address');
    expect(pathOf("containers", "c1", "command", 0)).toBe("containers.c1.command[0]");
  });

  it.each([
    ["addres", "address"],
    ["Address", "address"],
    ["adress", "address"],
    ["vlna", "vlan"],
    ["mtuu", "mtu"],
    ["mut", "mtu"],
    ["xyz", undefined],
    ["", undefined],
  ])("takes %j for %s", (word, expected) => expect(nearest(word, ["vlan", "mtu", "address"])).toBe(expected));
});
