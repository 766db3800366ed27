import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { forwardOf, Forwarding, relayLine } from "../../cli/access/forwarding";
import { forward } from "../../cli/commands/forward";
import type { Context } from "../../cli/command";
import { targetNamed } from "../../cli/words";
import { temporary } from "../lib/temporary";
import { fabricLab, referenceLab } from "./fixture";

describe("the words of forward", () => {
  it.each([
    ["8080:c1:80", { local: 8080, name: "c1", port: 80 }],
    ["0:web-1:65535", { local: 0, name: "web-1", port: 65535 }],
    ["c1:80", undefined],
    ["8080:c1:0", undefined],
    ["70000:c1:80", undefined],
    ["x:c1:80", undefined],
    ["1:c1:80:90", undefined],
  ])("%s", (word, expected) => {
    expect(forwardOf(word)).toEqual(expected);
  });

  it.each([[[]], [["c1:80"]]])("%j are refused before anything is asked", async (args) => {
    await expect(forward.run({ environment: {} } as Context, args)).rejects.toThrow("8080:c1:80");
  });

  it.each([
    ["a host", referenceLab(), "kvm1", / vxlab 127\.0\.0\.1 80$/],
    ["an LXC container", referenceLab(), "c1", / vxlab 10\.0\.3\.10 80 lxc-info -P \S+ -n c1 -pH$/],
    [
      "a Docker container",
      fabricLab(),
      "d1",
      / vxlab 10\.0\.5\.10 80 docker inspect -f '\{\{\.State\.Pid\}\}' vxlab-d1$/,
    ],
    ["a container with an address by DHCP", fabricLab(), "c4", / vxlab 127\.0\.0\.1 80 lxc-info /],
  ])("%s is joined where it can be reached", (_, lab, name, line) => {
    expect(relayLine(targetNamed(lab, name), 80)).toMatch(line);
  });
});

describe("a forwarded port", () => {
  const open: { close(): unknown }[] = [];
  afterEach(() => open.splice(0).forEach((one) => one.close()));

  /** Answers with what it was sent, in capitals, once the sender has ended. */
  async function shout(): Promise<number> {
    const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
      let text = "";
      socket.setEncoding("utf8").on("data", (more: string) => (text += more));
      socket.on("end", () => socket.end(text.toUpperCase())).on("error", () => undefined);
    });
    open.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return (server.address() as AddressInfo).port;
  }

  /** The relay in a shell of this machine; `nsenter` and the rest are what `bin` has. */
  async function forwarded(line: string, bin?: string, count = { now: 0, most: 0 }) {
    const faults: string[] = [];
    const remote = {
      start: () => {
        count.most = Math.max(count.most, ++count.now);
        const text = bin === undefined ? line : line.replace("PATH=/usr/sbin", `PATH=${bin}:/usr/sbin`);
        const child = spawn("dash", ["-c", text], { stdio: ["pipe", "pipe", "pipe"] });
        child.stdin.on("error", () => undefined);
        child.once("close", () => count.now--);
        return child;
      },
    };
    const made = new Forwarding(remote, "kvm1", line, (fault) => faults.push(fault));
    open.push(made);
    return { port: await made.listen(0), faults };
  }

  const said = (port: number, text: string): Promise<string> =>
    new Promise((done) => {
      let answer = "";
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () => socket.end(text));
      socket.setEncoding("utf8").on("data", (more: string) => (answer += more));
      socket.on("error", () => undefined).once("close", () => done(answer));
    });

  it("carries both directions and their ends, twelve at a time over at most eight sessions", async () => {
    const count = { now: 0, most: 0 };
    const target = targetNamed(referenceLab(), "kvm1");
    const { port, faults } = await forwarded(relayLine(target, await shout()), undefined, count);
    const words = Array.from({ length: 12 }, (_, i) => `line ${i}\n`.repeat(2000));
    expect(await Promise.all(words.map((word) => said(port, word)))).toEqual(
      words.map((word) => word.toUpperCase()),
    );
    expect(faults).toEqual([]);
    expect(count.most).toBeLessThanOrEqual(8);
  });

  it("is joined in the network of the container's process", async () => {
    const bin = temporary("bin");
    mkdirSync(bin, { recursive: true });
    const program = (name: string, text: string) => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    program("lxc-info", "echo 4711");
    program("nsenter", `echo "$*" >${bin}/entered; cat`);
    const { port } = await forwarded(relayLine(targetNamed(referenceLab(), "c1"), 80), bin);
    expect(await said(port, "hello")).toBe("hello");
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(join(bin, "entered"), "utf8")).toMatch(
      /^-t 4711 -n (busybox nc|socat|nc) .*10\.0\.3\.10.80$|^-t 4711 -n busybox nc 10\.0\.3\.10 80\n$/,
    );
    program("lxc-info", "echo");
    const stopped = await forwarded(relayLine(targetNamed(referenceLab(), "c1"), 80), bin);
    expect(await said(stopped.port, "hello")).toBe("");
    // The socket ends a moment before the program's exit code is known.
    await vi.waitFor(() => expect(stopped.faults).toEqual(["the container is not running"]), {
      timeout: 10_000,
    });
  });

  it("that is in use is refused", async () => {
    const used = await shout();
    const made = new Forwarding(
      {
        start: () => {
          throw new Error("no");
        },
      },
      "kvm1",
      "",
      () => undefined,
    );
    await expect(made.listen(used)).rejects.toThrow(`port ${used} of this machine: EADDRINUSE`);
  });
});
