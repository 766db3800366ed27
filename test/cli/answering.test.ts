import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { hostTimeout } from "../../cli/engine/patience";
import { up } from "../../cli/commands/up";
import { script } from "../../cli/scripts";
import { must } from "../../system/process";

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

/** A port of loopback that says this to whoever connects, from the n-th connection on. */
async function port(banner: string | undefined, after = 0): Promise<string> {
  let count = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    if (banner !== undefined && ++count > after) socket.write(banner);
    else if (after > 0) socket.destroy();
  });
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return String((server.address() as AddressInfo).port);
}

const silent = async (seconds: number, ...hosts: [string, string][]) => {
  const words = hosts.flatMap(([name, at]) => [name, "127.0.0.1", at]);
  const text = await must("bash", ["-c", script("silent"), "silent.sh", String(seconds), ...words]);
  return text
    .split("\n")
    .filter((name) => name !== "")
    .sort();
};

describe("silent.sh", () => {
  it("names the hosts without an SSH server: closed port, another service, no word", async () => {
    const hosts: [string, string][] = [
      ["good", await port("SSH-2.0-x\r\n")],
      ["closed", "1"],
      ["web", await port("HTTP/1.1 400\r\n")],
      ["mute", await port(undefined)],
    ];
    expect(await silent(1, ...hosts)).toEqual(["closed", "mute", "web"]);
  });

  it("asks again until the time is over", async () => {
    expect(await silent(10, ["late", await port("SSH-2.0-x\r\n", 2)])).toEqual([]);
  });

  it("asks nobody without hosts", async () => expect(await silent(1)).toEqual([]));
});

describe("--host-timeout", () => {
  it("is half a minute unless it is given", () => {
    expect([hostTimeout(up, undefined), hostTimeout(up, "1"), hostTimeout(up, "3600")]).toEqual([
      30, 1, 3600,
    ]);
  });

  it.each(["0", "3601", "-1", "1.5", "soon", ""])("%j is refused", (given) => {
    expect(() => hostTimeout(up, given)).toThrow(/is not a number of seconds from 1 to 3600/);
  });
});
