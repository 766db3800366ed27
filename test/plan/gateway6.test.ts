/** What is planned of IPv6 gateways: their addresses, default routes by them, who ignores their announcements. */
import { describe, expect, it } from "vitest";
import { planLab } from "../../plan/plan";
import { labProblems } from "./problems";
import { referenceWith } from "./reference";

const free = { c1: { address: undefined }, c2: { address: undefined } };
const planOf = (fragment: object) => planLab(referenceWith({ containers: free, ...fragment }), { lab: "x" });
const red = (segment: object, containers: object = free) =>
  planOf({ segments: { red: { subnet6: "fd00:3::/64", ...segment } }, containers });
const only6 = { subnet: undefined };
const host = "kvm1";
const routesOf = (plan: ReturnType<typeof planOf>) =>
  Object.fromEntries(plan.containers.map(({ name, routes = [] }) => [name, routes]));
const sysctlsOf = (plan: ReturnType<typeof planOf>) =>
  Object.fromEntries(plan.containers.map(({ name, sysctls = [] }) => [name, sysctls]));
const by = (via: string) => [{ to: "::/0", via }];
const deaf = (device: string) => [{ name: `net/ipv6/conf/${device}/accept_ra`, value: "0" }];

describe("an IPv6 gateway", () => {
  it("is one where its address is written, or where nothing else leads out", () => {
    const services = [
      red({ gateway: { host } }),
      red({ gateway: { host, address6: "fd00:3::9" } }),
      red({ ...only6, gateway: { host } }),
    ].map(({ services: [one] }) => one);
    expect(services.map((one) => [one?.addresses, one?.nat, one?.nat6])).toEqual([
      [["10.0.3.1/24"], true, undefined],
      [["10.0.3.1/24", "fd00:3::9/64"], true, true],
      [["fd00:3::1/64"], false, true],
    ]);
    expect(services.at(-1)?.closed).toEqual(["192.168.10.0/24"]);
  });

  it("is one for IPv6 alone over an IPv6 underlay, where machines have no IPv4", () => {
    const hosts = { kvm1: { address: "fd00:10::156" }, kvm2: { address: "fd00:10::222" } };
    const over6 = { underlay: { cidr: "fd00:10::/64" }, hosts };
    const segment = { subnet6: "fd00:3::/64", gateway: { host } };
    const plan = planOf({ ...over6, segments: { red: segment } });
    expect(plan.services).toMatchObject([
      { addresses: ["fd00:3::1/64"], nat: false, nat6: true, closed: ["fd00:10::/64"] },
    ]);
    expect(plan.containers.every(({ interfaces: [nic] }) => nic?.gateway === undefined)).toBe(true);
    const lends = planOf({ ...over6, segments: { red: { ...segment, dhcp: { host } } } });
    expect(lends.services[0]?.addresses).toEqual(["10.0.3.1/24", "fd00:3::1/64"]);
    expect(lends.services[0]?.dhcp).not.toHaveProperty("router");
  });

  it("has no IPv4 address there", () => {
    const hosts = { kvm1: { address: "fd00:10::156" }, kvm2: { address: "fd00:10::222" } };
    const gateway = { host, address: "10.0.3.9" };
    const segments = { red: { subnet6: "fd00:3::/64", gateway } };
    expect(labProblems(referenceWith({ underlay: { cidr: "fd00:10::/64" }, hosts, segments }))).toMatchObject(
      [{ path: "segments.red.gateway.address", got: "10.0.3.9" }],
    );
  });

  it("is a hint where its host has no IPv6 to lead to", () => {
    const hints = red({ ...only6, gateway: { host } }).hints.filter(({ message }) =>
      message.includes("IPv6"),
    );
    expect(hints).toMatchObject([{ path: "segments.red.gateway" }]);
  });
});

describe("a container in its segment", () => {
  it("has its default route by it, unless another is written", () => {
    const containers = {
      c1: { address: undefined },
      c2: { address: undefined, gateway6: "c1" },
      c3: { host: "kvm1", gateway6: "none" },
    };
    const plan = red({ gateway: { host, address6: "fd00:3::1" } }, containers);
    const c1 = plan.containers[0]?.interfaces[0]?.addresses[1]?.split("/")[0] ?? "";
    expect(routesOf(plan)).toEqual({ c1: by("fd00:3::1"), c2: by(c1), c3: [] });
    expect(sysctlsOf(plan)).toEqual({ c1: [], c2: deaf("eth0"), c3: deaf("eth0") });
  });

  it("has one, by the first of its interfaces, and hears no other gateway, on a trunk neither", () => {
    const plan = planOf({
      segments: {
        red: { subnet6: "fd00:3::/64", gateway: { host, address6: "fd00:3::1" } },
        blue: { vni: 200, vlan: 20, subnet6: "fd00:4::/64", gateway: { host } },
        grey: { vni: 300, vlan: 30, subnet6: "fd00:5::/64", gateway: { host } },
      },
      containers: {
        c1: { address: undefined, interfaces: [{ segment: "blue" }, { segment: "red" }] },
        c2: { address: undefined, interfaces: [{ trunk: ["blue", "grey"] }] },
      },
    });
    expect(routesOf(plan)).toEqual({ c1: by("fd00:4::1"), c2: [] });
    expect(sysctlsOf(plan)).toEqual({ c1: deaf("eth1"), c2: [...deaf("eth0.20"), ...deaf("eth0.30")] });
  });

  it("keeps a setting that it has itself", () => {
    const sysctls = { "net.ipv6.conf.eth0.accept_ra": "2" };
    const plan = red(
      { ...only6, gateway: { host } },
      { c1: { address: undefined, gateway6: "none", sysctls }, c2: { address: undefined } },
    );
    expect(sysctlsOf(plan)["c1"]).toEqual([{ name: "net/ipv6/conf/eth0/accept_ra", value: "2" }]);
  });

  it("that forwards may send what comes from behind it, whatever the source", () => {
    const c1 = {
      address: undefined,
      interfaces: [{ segment: "red" }, { segment: "blue" }],
      sysctls: { "net.ipv6.conf.all.forwarding": "1" },
    };
    const plan = planOf({
      segments: {
        red: { subnet6: "fd00:3::/64", gateway: { host, address6: "fd00:3::1" } },
        blue: { vni: 200, vlan: 20, subnet6: "fd00:4::/64" },
      },
      containers: { c1, c2: { address: undefined, segment: "red" } },
    });
    const forwards = plan.containers[0]?.interfaces.map((nic) => nic.forwards);
    expect(forwards).toEqual([["fd00:4::/64"], ["::/0"]]);
  });
});

describe("computed addresses", () => {
  it("leave the gateway's alone", () => {
    const addressWith = (address6: string) => {
      const segment = { subnet6: "fd00:3::/120", ...only6, gateway: { host, address6 } };
      const plan = red(segment, { c1: { address: undefined }, c2: undefined });
      return plan.containers[0]?.interfaces[0]?.addresses[0]?.split("/")[0] ?? "";
    };
    const free = addressWith("fd00:3::1");
    expect(addressWith(free)).not.toBe(free);
    expect(addressWith(free)).toMatch(/^fd00:3::/);
  });
});
