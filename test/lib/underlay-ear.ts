/** What a whole underlay carries, heard where the hypervisor has all of it: from before a machine boots. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { good, type Project } from "./project";

/** A packet of UDP or BGP, or a fragment of one. */
export interface Heard {
  from: string;
  to: string;
  port: number | undefined;
  /** Of the IP packet, bytes. */
  length: number;
}

/** All UDP, BGP and fragments while something happens, on every network of the project's hypervisor: some packets twice. */
export async function onUnderlay(project: Project, what: () => Promise<unknown>): Promise<Heard[]> {
  const enter = ["netns", "exec", project.namespace];
  const file = join(project.temporary, "underlay.pcap");
  const filter = "udp or tcp port 179 or ip[6:2] & 0x3fff != 0";
  const ear = spawn("ip", [...enter, "tcpdump", "-n", "-U", "-i", "any", "-w", file, filter], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(ear, "exit");
  await new Promise<void>((hears, fails) => {
    let said = "";
    ear.stderr.on("data", (text: Buffer) => (said += text.toString()).includes("listening on") && hears());
    ear.on("exit", () => fails(new Error(`tcpdump ended: ${said}`)));
  });
  try {
    await what();
    await sleep(2000);
  } finally {
    ear.kill("SIGINT");
    await ended;
  }
  return heard(good(await project.run("tcpdump", ["-n", "-v", "-r", file])));
}

function heard(text: string): Heard[] {
  return text.split(/^(?=\S)/m).flatMap((packet) => {
    const [, length] = /length (\d+)\)/.exec(packet) ?? [];
    const [, from = "", to = "", port] =
      /(\d+(?:\.\d+){3})\.\d+ > (\d+(?:\.\d+){3})\.(\d+):/.exec(packet) ?? [];
    const isFragment = /offset [1-9]|flags \[\+\]/.test(packet);
    if (port === undefined && !isFragment) return [];
    return [{ from, to, port: isFragment ? undefined : Number(port), length: Number(length) }];
  });
}

/** Ports to which packets went, each once. */
export const portsOf = (all: readonly Heard[]) =>
  [...new Set(all.map(({ port }) => port))].sort((a, b) => (a ?? 0) - (b ?? 0));
