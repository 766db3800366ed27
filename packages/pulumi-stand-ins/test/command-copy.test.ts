// The contract of command:remote:CopyToRemote, against an SFTP server on 127.0.0.1.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Json, Props } from "./driver";
import { otherKey, to, useBench } from "./remote-bench";
import { targets } from "./targets";
import { secret, unknown } from "./values";

const urn = "urn:pulumi:s::p::command:remote:CopyToRemote::x";
const key = "4dabf18193072939515e22adb298388d";
const [assetSig, archiveSig] = ["c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"];
const hashOf = (content: string) => createHash("sha256").update(content).digest("hex");

describe.each(targets("pulumi-resource-command"))("copy to remote, $label", ({ label, path }) => {
  const ours = label === "stand-in";
  const bench = useBench(path);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "vxlab-copy-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const file = (name: string, content: string): Props => {
    writeFileSync(join(folder, name), content);
    return { [key]: assetSig, path: join(folder, name), hash: hashOf(content) };
  };
  const text = (content: string): Props => ({ [key]: assetSig, text: content, hash: hashOf(content) });
  const inputs = (source: Json, remotePath: string): Props => ({
    connection: to(bench.ssh),
    source,
    remotePath: join(folder, remotePath),
  });
  const read = (name: string) => readFileSync(join(folder, name), "utf8");

  it.runIf(ours)("unlike the vendor's 1.2.1: check lets a source that is not known yet pass", async () => {
    const early = { connection: { host: "h" }, source: unknown, remotePath: "/x" };
    expect((await bench.p.check(urn, early)).failures).toEqual([]);
  });

  it("check: asks for a file or an archive", async () => {
    const good = { connection: { host: "h" }, source: text("a"), remotePath: "/x" };
    expect((await bench.p.check(urn, good)).failures).toEqual([]);
    const checked = await bench.p.check(urn, good);
    expect((checked.inputs.connection as Props)[key]).toBe(secret("x")[key]);
    expect((await bench.p.check(urn, { connection: { host: "h" } })).failures.sort()).toEqual([
      "asset: either asset or archive must be set",
      "remotePath: Missing required field 'remotePath' on 'remote.CopyToRemoteInputs'",
      "source: Missing required field 'source' on 'remote.CopyToRemoteInputs'",
    ]);
  });

  it("copies a file, whatever is in it, and makes the folders above it", async () => {
    const content = "x".repeat(3_000_000) + "\0\n";
    const given = inputs(file("a.tar", content), "deep/er/b.tar");
    const { id, state } = await bench.p.create(urn, given);
    expect(id).toMatch(/^[0-9a-f]{8}$/);
    // The vendor's adds empty fields to an asset, which are the same to the engine.
    expect(state).toMatchObject(given);
    expect(hashOf(read("deep/er/b.tar"))).toBe(hashOf(content));
  });

  it("copies into a folder that is there, and over a file that is there", async () => {
    mkdirSync(join(folder, "in"));
    await bench.p.create(urn, inputs(file("a.tar", "one"), "in"));
    expect(read("in/a.tar")).toBe("one");
    await bench.p.create(urn, inputs(file("a.tar", "2"), "in/a.tar"));
    expect(read("in/a.tar")).toBe("2");
  });

  it("copies a text, which has no name of its own", async () => {
    mkdirSync(join(folder, "in"));
    await bench.p.create(urn, inputs(text("hi"), "t"));
    expect(read("t")).toBe("hi");
    await expect(bench.p.create(urn, inputs(text("hi"), "in"))).rejects.toThrow(/in is a directory/);
  });

  it("an update copies for another content or another place, and for nothing else", async () => {
    const before = inputs(file("a", "one"), "b");
    const again = { ...inputs(file("moved", "one"), "b"), connection: to(bench.ssh, { dialErrorLimit: 3 }) };
    await bench.p.update(urn, before, before, again);
    expect(existsSync(join(folder, "b"))).toBe(false);
    await bench.p.update(urn, before, before, inputs(file("a", "two"), "b"));
    expect(read("b")).toBe("two");
    await bench.p.update(urn, before, before, inputs(file("a", "one"), "c"));
    expect(read("c")).toBe("one");
  });

  it("diff: an asset is its content; triggers replace", async () => {
    const before = inputs(file("a", "one"), "b");
    const changes = async (news: Props) => await bench.p.diff(urn, before, before, news);
    // pb.DiffResponse.DiffChanges: 1 is none, 2 is some.
    expect(await changes(inputs(file("moved", "one"), "b"))).toMatchObject({ changes: 1, diffsList: [] });
    expect(await changes(inputs(file("a", "two"), "b"))).toMatchObject({ changes: 2, diffsList: ["source"] });
    const triggered = { ...before, triggers: ["m"] };
    expect(await changes(triggered)).toMatchObject({ changes: 2, replacesList: ["triggers"] });
  });

  it("a preview copies nothing", async () => {
    const given = inputs(file("a", "one"), "b");
    await bench.p.create(urn, given, { preview: true });
    expect(existsSync(join(folder, "b"))).toBe(false);
  });

  it("nothing is sent to a host with another key", async () => {
    const given = {
      ...inputs(file("a", "one"), "b"),
      connection: to(bench.ssh, { hostKey: otherKey.public, dialErrorLimit: 0 }),
    };
    await expect(bench.p.create(urn, given)).rejects.toThrow();
    expect(existsSync(join(folder, "b"))).toBe(false);
  });

  it.runIf(ours)("unlike the vendor's: folders and archives are refused, with the cure", async () => {
    const archive: Props = { [key]: archiveSig, path: folder, hash: hashOf("") };
    await expect(bench.p.create(urn, inputs(archive, "b"))).rejects.toThrow(
      /CopyToRemote of anything but a file or a text is not part of .*pulumi plugin install resource command/,
    );
  });
});
