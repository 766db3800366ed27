/** components/container/content.sh and routing.sh: files, commands, routes and kernel settings of a container; what a router's port lets out. */
import { createHash } from "node:crypto";
import {
  mkdirSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import type { FileState, InterfaceWanted } from "../../components/container/thing";
import { stepInput } from "../../guest/protocol";
import { guestTools } from "../../guest/render";
import { fateOf, flowTable, type Frame } from "../lib/flow-table";
import { temporary } from "../lib/temporary";
import { FakeHost } from "./fake-host";
import { envelopeOf } from "./made";

const MAC = "02:00:00:00:00:01";
const NIC: InterfaceWanted = { bridge: "vxbr", veth: "v-c1", mac: MAC, addresses: ["10.0.3.10/24"] };
const BOX = { id: "lab-c1", lab: "00c0ffee", name: "c1", interfaces: [NIC] };
const OWNER = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
const INSIDE =
  "2: eth0@if5: <BROADCAST,UP> mtu 1450 qdisc noqueue state UP\\    link/ether 02:00:00:00:00:01\n" +
  "2: eth0    inet 10.0.3.10/24 brd 10.0.3.255 scope global eth0\\       valid_lft forever\n";

/** Where the container's files and the log of its commands are: this machine's own, in a folder of the test. */
const root = temporary("root");
const script = guestTools().script.replaceAll("/.vxlab-exec", `${root}/log`);
let host: FakeHost;

interface Given {
  files?: Record<string, string | Buffer>;
  mode?: string;
  exec?: string[];
  timeout?: number;
  more?: object;
}

const input = ({ files = {}, mode = "0640", exec = [], timeout = 5, more = {} }: Given) => {
  const contents = Object.values(files).map((one) => Buffer.from(one));
  const states = Object.keys(files).map((name, index): FileState => ({
    ...{ path: `${root}/${name}`, mode, owner: OWNER },
    sha256: createHash("sha256")
      .update(contents[index] ?? "")
      .digest("hex"),
  }));
  const commands = exec.map((text) => ({ command: ["/bin/sh", "-c", text], timeout }));
  const state = { ...BOX, files: states, exec: commands, ...more };
  const secrets = { contents: contents.map((one) => one.toString("base64")) };
  return stepInput(envelopeOf("container", state), contents.length === 0 ? undefined : secrets);
};
const apply = (given: Given) => host.guest(["apply", "container"], input(given));
const good = (given: Given) => expect(apply(given)).toMatchObject({ code: 0, stderr: "" });
const text = (name: string) => readFileSync(`${root}/${name}`, "utf8");

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root);
    host = new FakeHost(shell, script);
    host.shows("net/vxbr/address", "");
    host.shows("net/v-c1/mtu", "1450\n");
    host.shows("state/containers/c1/rootfs/etc/hostname", "");
    host.shows("inside", INSIDE);
    host.shows("attach-runs", "");
  });

  describe("files", () => {
    it("are put in place byte for byte with mode and owner, in folders that are made", () => {
      const bytes = Buffer.from([0, 255, 10, 13, 0, 39, 96, 36]);
      good({ files: { "a/b/blob": bytes, text: "it's $(touch /x) \\n\n" } });
      expect(readFileSync(`${root}/a/b/blob`).equals(bytes)).toBe(true);
      expect(text("text")).toBe("it's $(touch /x) \\n\n");
      expect(statSync(`${root}/text`).mode & 0o777).toBe(0o640);
    });

    it("are replaced where they differ, and only there", () => {
      good({ files: { a: "one", b: "two" } });
      const before = statSync(`${root}/b`).ino;
      good({ files: { a: "other", b: "two" } });
      expect([text("a"), statSync(`${root}/b`).ino]).toEqual(["other", before]);
    });

    it("go when they are no longer wanted, and others stay", () => {
      good({ files: { a: "one", b: "two" } });
      writeFileSync(`${root}/own`, "");
      good({ files: { b: "two" } });
      expect(["a", "b", "own"].map((name) => existsSync(`${root}/${name}`))).toEqual([false, true, true]);
      good({});
      expect(existsSync(`${root}/b`)).toBe(false);
    });

    it("take the place of a link, and not of what it leads to", () => {
      good({ files: { a: "one" } });
      writeFileSync(`${root}/victim`, "mine");
      rmSync(`${root}/a`);
      symlinkSync(`${root}/victim`, `${root}/a`);
      good({ files: { a: "one" } });
      expect([text("a"), text("victim")]).toEqual(["one", "mine"]);
    });

    it("are named when they were changed, and come back with the next step", () => {
      const files = { a: "one", b: "two", c: "three" };
      good({ files });
      expect(host.guest(["drift"], "").stdout).not.toContain("inside");
      writeFileSync(`${root}/a`, "bad");
      rmSync(`${root}/b`);
      chmodSync(`${root}/c`, 0o777);
      const { stdout } = host.guest(["drift"], "");
      expect(stdout).toContain(`file ${root}/a holds something else`);
      expect(stdout).toContain(`file ${root}/b is missing`);
      expect(stdout).toContain(`file ${root}/c has mode 777 instead of 0640`);
      const observed = JSON.parse(host.guest(["observe", "container"], input({ files })).stdout) as {
        state: { files: FileState[] };
      };
      expect(observed.state.files.map(({ sha256, mode }) => [sha256?.slice(0, 4), mode])).toEqual([
        [createHash("sha256").update("bad").digest("hex").slice(0, 4), "0640"],
        [undefined, null],
        [createHash("sha256").update("three").digest("hex").slice(0, 4), "777"],
      ]);
      good({ files });
      expect(["a", "b", "c"].map(text)).toEqual(["one", "two", "three"]);
    });

    it("are looked at whatever the spaces in the JSON that is kept", () => {
      good({ files: { a: "one" } });
      const kept = host.path("state/desired/container-00c0ffee-lab-c1.json");
      const spaced = JSON.stringify(JSON.parse(readFileSync(kept, "utf8")), null, 1).replace(/\n */g, " ");
      writeFileSync(kept, `${spaced}\n`);
      writeFileSync(`${root}/a`, "bad");
      expect(host.guest(["drift"], "").stdout).toContain(`file ${root}/a holds something else`);
    });

    it("that cannot be put in place fail the step with what is in the way", () => {
      good({ files: { "a/b": "" } });
      const { code, stderr } = apply({ files: { a: "" } });
      expect([code, stderr]).toEqual([1, expect.stringContaining("is a folder")]);
    });

    it("with text that a script could read otherwise are refused", () => {
      const { code, stderr } = apply({ files: { "a;touch b": "" } });
      expect([code, stderr]).toEqual([1, expect.stringContaining("where a name or an address belongs")]);
    });
  });

  describe("commands", () => {
    it("run in their order, once for each change", () => {
      const count = (name: string, word: string) => `echo ${word} >>${root}/${name}`;
      const exec = [count("ran", "a"), count("ran", "b")];
      good({ exec });
      good({ exec });
      expect(text("ran")).toBe("a\nb\n");
      good({ exec, files: { x: "1" } });
      expect(text("ran"), "a file is another").toBe("a\nb\na\nb\n");
      good({ exec: exec.slice(1), files: { x: "1" } });
      expect(text("ran"), "a command is gone").toBe("a\nb\na\nb\nb\n");
    });

    it("that fail say what they printed, and run again", () => {
      const exec = [`echo "it broke: $$" >&2; test -e ${root}/mended`];
      const { code, stderr } = apply({ exec });
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/container c1: exec\[0\] failed with 1: it broke: \d+/),
      ]);
      writeFileSync(`${root}/mended`, "");
      good({ exec });
    });

    it("that take too long are ended", () => {
      const { code, stderr } = apply({ exec: [`exec sleep 30`], timeout: 1 });
      expect([code, stderr]).toEqual([1, expect.stringContaining("exec[0] was ended after 1 s")]);
    });
  });

  describe("a router's port", () => {
    const flows = (nic: Partial<InterfaceWanted>) => {
      good({ more: { interfaces: [{ ...NIC, ...nic }] } });
      return flowTable(host.read("state/containers/c1/flows/v-c1"));
    };
    const frame = (protocol: string, fields: Frame["fields"]): Frame => ({
      ...{ protocol, port: "v-c1", fragment: false },
      fields: { dl_src: MAC, dl_dst: "02:00:00:00:00:09", ...fields },
    });
    const ip = (source: string, more = {}) =>
      frame("udp", { nw_src: source, nw_dst: "10.0.3.11", tp_src: 1, tp_dst: 2, ...more });
    const ip6 = (source: string) => frame("ipv6", { ipv6_src: source });
    const own = ["10.0.3.10/24", "fd00:3::10/64"];

    it("lets what it forwards pass, and nothing in the name of others of its segment", () => {
      const table = flows({ addresses: own, forwards: ["0.0.0.0/0", "fd00:4::/64"] });
      const fates = {
        own: ip("10.0.3.10"),
        forwarded: ip("10.0.4.7"),
        neighbour: ip("10.0.3.11"),
        "another MAC": ip("10.0.4.7", { dl_src: "02:00:00:00:00:02" }),
        "DHCP offer": ip("10.0.4.7", { tp_src: 67 }),
        arp: frame("arp", { arp_sha: MAC, arp_spa: "10.0.4.7", arp_tpa: "10.0.3.1", arp_op: 1 }),
        forwarded6: ip6("fd00:4::7"),
        elsewhere6: ip6("fd00:5::7"),
        advertisement: frame("icmp6", { ipv6_src: "fd00:4::7", icmp_type: 134, icmp_code: 0 }),
        solicitation: frame("icmp6", {
          ipv6_src: "fd00:4::7",
          icmp_type: 135,
          icmp_code: 0,
          nd_target: "fd00:3::1",
        }),
      };
      const found = Object.entries(fates).map(([what, one]) => [what, fateOf(table, one)]);
      const passing = found.filter(([, fate]) => fate === "NORMAL").map(([what]) => what);
      expect(passing).toEqual(["own", "forwarded", "forwarded6"]);
    });

    it("lets nothing of that pass without it", () => {
      const table = flows({ addresses: own });
      expect([ip("10.0.4.7"), ip6("fd00:4::7")].map((one) => fateOf(table, one))).toEqual(["drop", "drop"]);
    });
  });

  it("refuses kernel settings of the host, whatever the state says", () => {
    for (const name of ["kernel/panic", "net/../kernel/panic"]) {
      const { code, stderr } = apply({ more: { sysctls: [{ name, value: "1" }] } });
      expect([code, stderr]).toEqual([1, expect.stringContaining("a kernel setting of the host")]);
    }
  });
});
