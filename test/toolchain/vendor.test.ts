/** The vendor's downloads, from a server of our own. */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import type { Environment } from "../../system/paths";
import { Vendor } from "../../toolchain/vendor/vendor";
import { temporary } from "../lib/temporary";

/** Much for a server of our own on a busy machine, little for whoever waits for the one that never answers. */
const LIMITS = { answer: 2_000, slow: 1_000, total: 20_000 };

let server: Server;
let asked: string[];
/** What the server does with a GET. */
let give: (request: IncomingMessage, response: ServerResponse) => void;
let lines: string[];
let cache: string;
let folder: string;

beforeEach(async () => {
  [asked, lines] = [[], []];
  cache = temporary("vendor");
  folder = join(cache, "plugins", "thing");
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.method === "HEAD") response.end();
    else give(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function vendor(environment: Environment = {}, site?: string, limits = LIMITS): Vendor {
  const reporter = {
    line: (text: string) => void lines.push(text),
    step: <T>(_: string, work: (say: () => void) => Promise<T>) => work(() => undefined),
  };
  const here = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new Vendor({ cache }, reporter, environment, site ?? here, limits);
}

/** An archive with one folder, one file of 3 MB in it. */
function archive(): { bytes: Buffer; sum: string } {
  const from = temporary("archive");
  const content = randomBytes(3_000_000);
  mkdirSync(join(from, "pulumi"));
  writeFileSync(join(from, "pulumi", "program"), content, { mode: 0o755 });
  execFileSync("tar", ["-czf", join(from, "a.tgz"), "-C", from, "pulumi"]);
  return { bytes: readFileSync(join(from, "a.tgz")), sum: sum(content) };
}

const sum = (content: Buffer): string => createHash("sha256").update(content).digest("hex");
/** Nothing half done stays beside it either. */
const left = (): string[] =>
  [join(cache, "work"), join(folder, "..")].flatMap((one) => (existsSync(one) ? readdirSync(one) : []));

describe("a download", () => {
  it("comes whole, by way of a redirect, and without its outer folder for the CLI", async () => {
    const { bytes, sum: expected } = archive();
    give = (request, response) => {
      if (request.url === "/elsewhere") return response.end(bytes);
      return response.writeHead(302, { location: "/elsewhere" }).end();
    };
    expect(await vendor().cli("3.248.0", folder)).toBe(true);
    expect(sum(readFileSync(join(folder, "program")))).toBe(expected);
    expect(asked).toEqual(["HEAD /", "GET /releases/sdk/pulumi-v3.248.0-linux-x64.tar.gz", "GET /elsewhere"]);
    expect([left(), lines]).toEqual([["thing"], []]);
  });

  it("of a plugin keeps its folders; whether anybody is there is asked once for all", async () => {
    const { bytes } = archive();
    give = (_, response) => response.end(bytes);
    const one = vendor();
    expect(await one.plugin("random", "4.18.2", folder)).toBe(true);
    expect(await one.plugin("command", "1.2.1", `${folder}2`)).toBe(true);
    expect(existsSync(join(folder, "pulumi", "program"))).toBe(true);
    const url = (name: string) => `GET /releases/plugins/pulumi-resource-${name}-linux-amd64.tar.gz`;
    expect(asked).toEqual(["HEAD /", url("random-v4.18.2"), url("command-v1.2.1")]);
  });

  it.each<[string, typeof give]>([
    ["is not there", (_, response) => response.writeHead(404).end(archive().bytes)],
    ["is no archive", (_, response) => response.end("<html>")],
    [
      "ends too early",
      (_, response) =>
        response.writeHead(200, { "content-length": 9e6 }).write("x", () => response.destroy()),
    ],
    ["never begins", () => undefined],
    ["stands still", (_, response) => response.writeHead(200, { "content-length": 9e6 }).write("x")],
  ])("that %s is none, and leaves nothing", async (_, answer) => {
    give = answer;
    const started = Date.now();
    expect(await vendor().plugin("random", "4.18.2", folder)).toBe(false);
    expect(left()).toEqual([]);
    expect(Date.now() - started).toBeLessThan(15_000);
  });
});

test("a refusal is not listened to, however much is said", async () => {
  let left = false;
  give = (_, response) => {
    response.on("close", () => (left = true));
    response.writeHead(403).write(Buffer.alloc(1_000_000)); // and it goes on
  };
  expect(await vendor().plugin("random", "4.18.2", folder)).toBe(false);
  await expect.poll(() => left).toBe(true);
});

describe("who does not answer", () => {
  const reason = (why: string) => [`the vendor's downloads: ${why}; the package registries serve instead`];

  it("is said in one line, once", async () => {
    const one = vendor({}, "http://127.0.0.1:1");
    expect([await one.cli("3.248.0", folder), await one.plugin("random", "4.18.2", folder)]).toEqual([
      false,
      false,
    ]);
    expect(lines).toEqual(reason("no answer"));
    expect(left()).toEqual([]);
  });

  it("is waited for so long", async () => {
    server.removeAllListeners("request");
    expect(await vendor({}, undefined, { ...LIMITS, answer: 300 }).reachable()).toBe(false);
    expect(lines).toEqual(reason("no answer"));
  });

  it("may be behind a proxy", async () => {
    await vendor({ https_proxy: "http://127.0.0.1:1" }, "http://127.0.0.1:1").reachable();
    expect(lines).toEqual(
      reason("no answer (HTTPS_PROXY is for Node.js 22.21 or newer, with NODE_USE_ENV_PROXY=1)"),
    );
  });

  it("is not asked where the user does not want it", async () => {
    expect(await vendor({ VXLAB_NO_VENDOR: "1" }).reachable()).toBe(false);
    expect([asked, lines]).toEqual([[], reason("not asked, VXLAB_NO_VENDOR is set")]);
  });
});
