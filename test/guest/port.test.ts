/** components/segment/guest.sh: what exactly is said to Open vSwitch, and what is made of its answers. */
import { beforeEach, describe, expect, it } from "vitest";
import { readdirSync, rmSync, statSync } from "node:fs";
import { PROTOCOL } from "../../guest/protocol";
import { FakeHost } from "./fake-host";
import { envelopeOf, keptOf } from "./made";

const REMOTE = { name: "vx100-c0a80ade", address: "192.168.10.222" };
const THIRD = { name: "vx100-c0a80a1e", address: "192.168.10.30" };
const PORT = {
  id: "lab-kvm1-red",
  lab: "00c0ffee",
  bridge: "vxbr",
  vni: 100,
  udpPort: 4789,
  local: "192.168.10.156",
  vlan: undefined as number | undefined,
  remotes: [REMOTE.address],
};
const NONE = ["set", []];

let host: FakeHost;

/** The words of one tunnel in the transaction. */
function tunnel({ name, address }: typeof REMOTE, vni = 100, vlan = "0", bridge = "vxbr"): string[] {
  return [
    ...["--", "--may-exist", "add-port", bridge, name],
    ...[
      "--",
      "set",
      "port",
      name,
      "protected=true",
      `tag=${vlan}`,
      'external_ids:vxlab-port="00c0ffee-lab-kvm1-red"',
    ],
    ...["--", "set", "interface", name, "type=vxlan", `options:remote_ip="${address}"`],
    ...['options:local_ip="192.168.10.156"', `options:key="${vni}"`, 'options:dst_port="4789"'],
    'external_ids:vxlab-port="00c0ffee-lab-kvm1-red"',
  ];
}

/** Everything goes in one call, whose first `--` is not said. */
const transaction = (...parts: string[][]) => [parts.flat().slice(1)];
const gone = (name: string) => ["--", "--if-exists", "del-port", name];

/** With this one tunnel, whatever its name would be. */
function withPort({ name: port, address }: typeof REMOTE): object {
  const envelope = envelopeOf("port", PORT);
  return { ...envelope, state: { ...envelope.state, remotes: [{ port, address }] } };
}

function apply(state: object, ports: string[] = []): string[][] {
  host.has(ports, [[REMOTE.name, 3, NONE, { remote_ip: REMOTE.address }]]);
  const { code, stderr } = host.guest(["apply", "port"], state);
  expect([code, stderr]).toEqual([0, ""]);
  return host.changes();
}

/** What /bin/sh and awk are on a stock Debian, and what both are in our own image. */
describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
  });

  describe("apply", () => {
    it("adds a tunnel for each remote, in one transaction", () => {
      expect(apply(PORT)).toEqual(transaction(tunnel(REMOTE)));
      expect(apply({ ...PORT, remotes: [THIRD.address, REMOTE.address] })).toEqual(
        transaction(tunnel(THIRD), tunnel(REMOTE)),
      );
    });

    it("makes Open vSwitch look again where a port only gets another name: it refuses the new one beside the old one", () => {
      apply(PORT);
      host.has(["vx100-old"], [[REMOTE.name, -1, "File exists", { remote_ip: REMOTE.address }]]);
      expect(host.guest(["apply", "port"], PORT).code).toBe(1);
      const [once] = transaction(gone("vx100-old"), tunnel(REMOTE));
      expect(host.changes()).toEqual([
        once,
        ["set", "bridge", "vxbr", "external_ids:again=1"],
        ["remove", "bridge", "vxbr", "external_ids", "again"],
      ]);
      expect(apply(PORT, ["vx100-old"])).toEqual([once]);
    });

    it("says the same a second time", () => {
      expect(apply(PORT, [REMOTE.name])).toEqual(apply(PORT, [REMOTE.name]));
    });

    it("looks for what is to go where a step was begun before, and nowhere else", () => {
      const looks = () =>
        host.calls().filter((words) => words.includes("port") && words.includes("find")).length;
      const apply = () => host.guest(["apply", "port"], PORT).code;
      host.refuses("ovs-vsctl: no bridge named vxbr");
      expect([apply(), looks()]).toEqual([1, 0]);
      rmSync(host.path("refused"));
      host.has([], [[REMOTE.name, 3, NONE, { remote_ip: REMOTE.address }]]);
      expect([apply(), looks()], "begun, not ended").toEqual([0, 1]);
      expect(readdirSync(host.path("state"))).not.toContain("begun");
      expect([apply(), looks()], "kept").toEqual([0, 1]);
    });

    it("bounds every call", () => {
      host.has([REMOTE.name], []);
      host.guest(["apply", "port"], PORT);
      const calls = host.calls();
      expect(calls.length).toBeGreaterThan(1);
      expect(calls.map((words) => words.slice(0, 2))).toEqual(calls.map(() => ["--retry", "--timeout=60"]));
    });

    it("takes away the tunnel of a remote that is gone", () => {
      expect(apply(PORT, [REMOTE.name, THIRD.name])).toEqual(transaction(gone(THIRD.name), tunnel(REMOTE)));
      expect(apply({ ...PORT, remotes: [] }, [REMOTE.name])).toEqual(transaction(gone(REMOTE.name)));
      expect(apply({ ...PORT, remotes: [] })).toEqual([]);
    });

    it("replaces the tunnels under their new names when the VNI is another", () => {
      const renamed = { ...REMOTE, name: "vx200-c0a80ade" };
      const state = { ...PORT, vni: 200 };
      expect(apply(state, [REMOTE.name])).toEqual(transaction(gone(REMOTE.name), tunnel(renamed, 200)));
    });

    it("sets a remote that moved under its old name anew", () => {
      const moved = { ...REMOTE, address: "192.168.10.99" };
      expect(apply(withPort(moved), [REMOTE.name])).toEqual(transaction(tunnel(moved)));
    });

    it("takes a name that begins as another's does for another", () => {
      const longer = { name: `${REMOTE.name}0`, address: "192.168.10.99" };
      const steps = apply(withPort(longer), [REMOTE.name]);
      expect(steps).toEqual(transaction(gone(REMOTE.name), tunnel(longer)));
    });

    it("puts the tunnels into the segment's VLAN", () => {
      expect(apply({ ...PORT, vlan: 12 })).toEqual(transaction(tunnel(REMOTE, 100, "12")));
    });

    it("takes the tunnels off the old bridge before they come to the new one", () => {
      apply(PORT);
      const moved = apply({ ...PORT, bridge: "br9" }, [REMOTE.name]);
      expect(moved[0]).toEqual(["--if-exists", "del-port", REMOTE.name]);
      expect(moved.slice(1)).toEqual(transaction(tunnel(REMOTE, 100, "0", "br9")));
    });

    it("keeps the desired state for the next boot, for root alone", () => {
      const { stdout } = host.guest(["apply", "port"], PORT);
      expect(JSON.parse(stdout)).toEqual({ v: PROTOCOL });
      const file = "state/desired/port-00c0ffee-lab-kvm1-red.json";
      expect(host.read(file)).toBe(keptOf("port", PORT));
      expect([
        statSync(host.path("state/desired")).mode & 0o777,
        statSync(host.path(file)).mode & 0o777,
      ]).toEqual([0o700, 0o600]);
    });
  });

  describe("a tunnel that Open vSwitch refuses, with exit code 0", () => {
    it.each([
      ["says why", -1, "could not add network device vx100-c0a80ade to ofproto (File exists)"],
      ["says nothing", -1, NONE],
      ["has no port number yet", NONE, NONE],
      ["has a port number and an error all the same", 4, "Invalid argument"],
    ])("fails the step: it %s", (_, ofport, error) => {
      host.shows("warning", "ovs-vsctl: Error detected while setting up a port\n");
      // A port that has a number is not new: ovs-vsctl says nothing of it.
      if (ofport === 4) host.forgets("warning");
      host.has(ofport === 4 ? [REMOTE.name] : [], [
        [REMOTE.name, ofport, error, { remote_ip: REMOTE.address }],
      ]);
      const { code, stdout, stderr } = host.guest(["apply", "port"], PORT);
      const reason = typeof error === "string" ? error : "no ofport";
      const message = `vxlab: Open vSwitch refuses tunnel ${REMOTE.name} to ${REMOTE.address}: ${reason}\n`;
      expect([code, stdout, stderr]).toEqual([1, "", message]);
      expect(host.kept()).toEqual([]);
    });

    it("need not be looked for where a step is the port's first and ovs-vsctl says nothing", () => {
      host.guest(["apply", "port"], PORT);
      expect(host.calls().filter((call) => call.includes("find"))).toEqual([]);
    });

    it("is told with all others that are refused", () => {
      host.shows("warning", "ovs-vsctl: Error detected while setting up a port\n");
      host.has(
        [],
        [
          [REMOTE.name, -1, "one", { remote_ip: REMOTE.address }],
          [THIRD.name, -1, "two", { remote_ip: THIRD.address }],
        ],
      );
      const { stderr } = host.guest(["apply", "port"], { ...PORT, remotes: [REMOTE.address, THIRD.address] });
      expect(stderr).toContain(`${REMOTE.name} to ${REMOTE.address}: one`);
      expect(stderr).toContain(`${THIRD.name} to ${THIRD.address}: two`);
    });
  });

  describe("a change that ovs-vsctl refuses", () => {
    it("fails the step with its words, and the old state stays kept", () => {
      apply(PORT);
      host.refuses("ovs-vsctl: no bridge named vxbr\n");
      const { code, stderr } = host.guest(["apply", "port"], { ...PORT, vni: 7 });
      expect([code, stderr]).toEqual([1, "ovs-vsctl: no bridge named vxbr\n"]);
      expect(host.read("state/desired/port-00c0ffee-lab-kvm1-red.json")).toBe(keptOf("port", PORT));
    });
  });

  describe("remove", () => {
    it("takes every tunnel of this step away, and what was kept", () => {
      apply(PORT);
      host.guest(["apply", "port"], { ...PORT, id: "lab-kvm1-blue" });
      host.changes();
      host.has([REMOTE.name, THIRD.name], []);
      const { code, stdout } = host.guest(["remove", "port"], PORT);
      expect([code, stdout]).toEqual([0, `{"v":${PROTOCOL}}\n`]);
      expect(host.changes()).toEqual(transaction(gone(REMOTE.name), gone(THIRD.name)));
      expect(host.kept()).toEqual(["port-00c0ffee-lab-kvm1-blue.json"]);
    });

    it("takes the tools along with the last thing, and is no error on a bare host", () => {
      apply(PORT);
      host.has([], []);
      expect(host.guest(["remove", "port"], PORT).code).toBe(0);
      expect(host.guest(["boot"]).code).not.toBe(0); // no tools any more
      expect(host.kept()).toEqual([]);
    });
  });

  describe("boot", () => {
    it("applies what is kept, and one that is broken does not keep the others down", () => {
      apply(PORT);
      host.guest(["apply", "port"], { ...PORT, id: "lab-kvm1-zulu" });
      host.calls();
      host.has([], [[REMOTE.name, -1, "no", { remote_ip: REMOTE.address }]]);
      const { code, stderr } = host.guest(["boot"]);
      expect(code).toBe(1);
      expect(stderr).toContain("desired/port-00c0ffee-lab-kvm1-red.json failed");
      expect(stderr).toContain("desired/port-00c0ffee-lab-kvm1-zulu.json failed");
      expect(host.changes()).toHaveLength(2);
    });
  });

  describe("the tools", () => {
    it.each([[], ["apply"], ["apply", "house"], ["boot", "now"], ["$(id)"]])(
      "refuse %j with the usage",
      (...words) => {
        const { code, stderr } = host.guest(words.flat());
        expect(code).toBe(1);
        expect(stderr).toMatch(/^vxlab: usage: /);
      },
    );
  });
});
