/** The commands for every day, on a lab that is deployed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { keepPinging } from "./capture";
import type { Guests } from "./guests";
import { good, type Project } from "./project";
import { firstVni } from "./wire";

/** `capture` of a host of the reference lab, as text and into a file. */
export async function captured(lab: Project, guests: Guests): Promise<void> {
  const pings = await keepPinging(guests, "c1", "10.0.3.11");
  const file = join(lab.temporary, "kvm2.pcap");
  // Enough packets for one of each direction; the seconds are for when there are none.
  const words = ["capture", "kvm2", "--count", "4", "--seconds", "20"];
  const [text, written] = await Promise.all([lab.vxlab(words), lab.vxlab([...words, "--write", file])]);
  await pings.end();
  const decoded =
    /192\.168\.10\.156\.\d+ > 192\.168\.10\.222\.4789: VXLAN, .* vni 100\n.* 10\.0\.3\.10 > 10\.0\.3\.11: ICMP echo request/;
  expect(good(text)).toMatch(decoded);
  expect(good(written)).toBe("");
  expect(written.stderr).toContain(`written: ${file}`);
  expect(firstVni(readFileSync(file))).toBe(100);
  rmSync(file);
}

/** On the reference lab. */
export async function everyDay(lab: Project, guests: Guests): Promise<void> {
  const pings = await keepPinging(guests, "c1", "10.0.3.11");
  expect(await capturedBy(lab, "c2")).toMatch(/IP 10\.0\.3\.1[01] > 10\.0\.3\.1[01]: ICMP echo/);
  await pings.end();
  await served(lab, "c1", "/dev/console");
  expect(await bySsh(lab, "kvm2", "hostname")).toBe("kvm2\n");
}

/**
 * `cp` both ways, `restart`, `logs` and `forward` of a container with busybox's programs.
 *
 * @param output the file in it that is its command's output
 */
export async function served(lab: Project, container: string, output: string): Promise<void> {
  const page = "served\n";
  await copied(lab, page, `${container}:/root/index.html`);
  good(await lab.vxlab(["restart", container]));
  const serve = `httpd -h /root -p 8000; echo started >${output}`;
  good(await lab.vxlab(["exec", container, "--", "sh", "-c", serve]));
  expect(good(await lab.vxlab(["logs", container, "-n", "1"])).trim()).toBe("started");
  expect(await fetchedBack(lab, `${container}:/root/index.html`)).toBe(page);
  expect(await forwarded(lab, `0:${container}:8000`)).toBe(page);
}

/** What tcpdump reads of what `capture CONTAINER -w -` writes, with no byte of anything else. */
async function capturedBy(lab: Project, container: string): Promise<string> {
  const file = join(lab.temporary, "stdout.pcap");
  const words = ["capture", container, "--count", "2", "--seconds", "20", "-w", "-"];
  good(await lab.run("sh", ["-c", `"$0" "$@" >'${file}'`, join(lab.root, "vxlab"), ...words]));
  const text = good(await lab.run("tcpdump", ["-n", "-r", file]));
  rmSync(file);
  return text;
}

async function copied(lab: Project, text: string, target: string): Promise<void> {
  const file = join(lab.temporary, "sent");
  writeFileSync(file, text);
  good(await lab.vxlab(["cp", file, target]));
  rmSync(file);
}

async function fetchedBack(lab: Project, source: string): Promise<string> {
  const file = join(lab.temporary, "fetched");
  good(await lab.vxlab(["cp", source, file]));
  const text = readFileSync(file, "utf8");
  rmSync(file);
  return text;
}

/** The page at a forwarded port. Ctrl-C then ends the command with 0. */
async function forwarded(lab: Project, what: string): Promise<string> {
  const child = spawn(join(lab.root, "vxlab"), ["forward", what], {
    cwd: lab.root,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "close");
  const line = new Promise<string>((resolve) => createInterface(child.stdout).once("line", resolve));
  const said = await Promise.race([line, ended.then(([code]) => `ended with ${String(code)}`)]);
  const [, port = ""] = /^127\.0\.0\.1:(\d+) is port/.exec(said) ?? [];
  const url = `http://127.0.0.1:${port}/index.html`;
  const text = await fetch(url, { signal: AbortSignal.timeout(60_000) })
    .then((answer) => answer.text())
    .finally(() => child.kill("SIGINT"));
  expect([said, await ended]).toEqual([said, [0, null]]);
  return text;
}

/** By the real ssh, with what `inventory` writes. */
async function bySsh(lab: Project, host: string, command: string): Promise<string> {
  const keys = join(lab.temporary, "keys");
  good(await lab.vxlab(["inventory", "--ssh-config", "--keys", keys]));
  const text = good(await lab.run("ssh", ["-F", join(keys, "ssh_config"), host, command]));
  rmSync(keys, { recursive: true });
  return text;
}
