import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import type { HostOutput } from "../../plan/contract";
import type { ContainerPlan } from "../../plan/types";
import type { Command } from "../command";
import { badUsage, stackName, stackOption } from "../args";
import { Exit, Fault } from "../exit";
import { withLab } from "../access/lab";
import { scriptCommand } from "../../guest/quote";
import type { RemoteProcess } from "../access/remote";
import { readWords, targetNamed, type Target } from "../words";
import { DEFAULT_ENCAPSULATION, ENCAPSULATIONS } from "../../plan/net/encap";
import { scriptText } from "../../verify/evidence/scripts";
import { underlayDevice } from "../../verify/evidence/wire";
import { encapsulationOf } from "../../components/segment/port";

const options = {
  ...stackOption,
  interface: {
    type: "string",
    short: "i",
    value: "NAME",
    doc: "default: a host's underlay interface, a container's first interface",
  },
  count: { type: "string", short: "c", value: "PACKETS", doc: "stop after this many packets" },
  seconds: { type: "string", value: "SECONDS", doc: "stop after this time" },
  write: {
    type: "string",
    short: "w",
    value: "FILE",
    doc: "write pcap to FILE instead of text; -: to stdout",
  },
} as const;

export const capture: Command = {
  name: "capture",
  summary: "tcpdump on a host's underlay, tunnels decoded, or on a container's interface; ends with ^C",
  operands: "HOST|CONTAINER [-- FILTER…]",
  options,
  more: "FILTER has the syntax of pcap-filter(7). Default: for a host, its tunnels; for a container, everything.",
  examples: [
    ["capture kvm1", "VXLAN packets of kvm1, decoded, until Ctrl-C"],
    ["capture c1 -c 10 -- icmp", "ten pings on c1's interface"],
    ["capture kvm1 -w - | wireshark -k -i -", "live in Wireshark"],
    ["capture kvm2 --seconds 10 -w kvm2.pcap", "ten seconds into a file"],
  ],
  async run(context, args) {
    const { values, name, rest } = readWords(capture, args, options);
    const { write } = values;
    const wish: CaptureWish = {
      interface: values.interface,
      count: positive("--count", values.count),
      seconds: positive("--seconds", values.seconds),
      binary: write !== undefined,
      filter: rest.join(" "),
    };
    if (write === STDOUT && process.stdout.isTTY)
      throw badUsage(capture, "-w - prints pcap, and stdout is a terminal: pipe it to a program");
    const stack = stackName(values.stack, context.environment);
    let stop = (): void => process.exit(130);
    const onSignal = () => stop();
    return withLab(
      context,
      stack,
      async ({ lab, remote }) => {
        const target = targetNamed(lab, name);
        const { encryption } = target.host;
        if (target.container === undefined && encryption !== undefined && wish.interface === undefined)
          context.out.remark(
            `${name} encrypts its tunnels: this capture is on ${encryption.device}, where they are decrypted; -i eth0 shows the underlay`,
          );
        // Detached: ^C does not reach it, so that tcpdump can end in order and print its counters.
        const child = remote.start(target.host.name, captureLine(target, wish), { detached: true });
        stop = () => void ended(child);
        const code = await copied(child, write === STDOUT ? undefined : write);
        if (write !== undefined && write !== STDOUT && code === 0) context.out.remark(`written: ${write}`);
        return code;
      },
      { onSignal },
    );
  },
};

/** The file name that means standard output. */
const STDOUT = "-";

export interface CaptureWish {
  /** @default the underlay's; of a container its first */
  interface?: string;
  count?: number;
  seconds?: number;
  /** A pcap file instead of text. */
  binary: boolean;
  /** In tcpdump's language (pcap-filter(7)). Empty: the UDP ports of the host's tunnels; everything of a container. */
  filter: string;
}

export function captureLine(target: Target, wish: CaptureWish): string {
  return scriptCommand(scriptText("tcpdump.sh"), [
    String(wish.seconds ?? 0),
    ...tcpdumpArguments(target, wish),
  ]);
}

export function tcpdumpArguments({ host, container }: Target, wish: CaptureWish): string[] {
  const count = wish.count === undefined ? [] : ["-c", String(wish.count)];
  const form = wish.binary ? ["-U", "-w", "-"] : ["-l", "-n", "-e"];
  const tunnels = wish.filter === "" && container === undefined;
  const device =
    container === undefined ? (wish.interface ?? tunnelDevice(host)) : vethOf(container, wish.interface);
  const filter = tunnels ? tunnelFilter(host, device) : wish.filter;
  const decode = tunnels && !wish.binary && !showsSealed(host, device) ? decodeOptions(host) : [];
  // Immediate mode: otherwise the packets in libpcap's buffer are lost at the end.
  const where = ["-i", device, "--immediate-mode"];
  return [...where, ...count, ...form, ...decode, ...(filter === "" ? [] : [filter])];
}

/** The host's end of a container's interface: every frame of the interface passes it, and the container needs no tcpdump. */
function vethOf({ name, interfaces }: ContainerPlan, wanted: string | undefined): string {
  const found = interfaces.find((one) => wanted === undefined || one.name === wanted);
  if (found !== undefined) return found.veth;
  const known = interfaces.map((one) => one.name).join(", ") || "none";
  throw new Fault(Exit.usage, `container ${name} has no interface ${wanted ?? ""}: it has ${known}`);
}

/** tcpdump recognizes an encapsulation by its usual port. For another port it needs an option, and then decodes all UDP as that encapsulation. */
function decodeOptions({ ports }: HostOutput): readonly string[] {
  const [one = DEFAULT_ENCAPSULATION, ...others] = new Set(ports.map(encapsulationOf));
  return others.length === 0 ? ENCAPSULATIONS[one].capture.options : [];
}

/** On a host that encrypts: the device on which its tunnels are decrypted. The underlay carries WireGuard packets only. */
function tunnelDevice(host: HostOutput): string {
  return host.encryption?.device ?? underlayDevice(host);
}

/** Whether WireGuard's packets are on that interface. tcpdump must not decode these as VXLAN. */
function showsSealed({ encryption }: HostOutput, device: string): boolean {
  return encryption !== undefined && device !== encryption.device;
}

function tunnelFilter(host: HostOutput, device: string): string {
  const { ports, encryption } = host;
  const sealed = encryption !== undefined && showsSealed(host, device) ? [encryption.port] : [];
  const all =
    ports.length === 0
      ? [ENCAPSULATIONS[DEFAULT_ENCAPSULATION].udpPort]
      : ports.map(({ udpPort }) => udpPort);
  const each = [...new Set([...all, ...sealed])].sort((a, b) => a - b);
  return each.map((port) => `udp port ${port}`).join(" or ");
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw badUsage(capture, `${option} ${text}: give a whole number above 0`);
}

/** Time limit for tcpdump to end, ms. */
const GRACE_MS = 3000;

function ended(child: RemoteProcess): void {
  child.stdin.end();
  setTimeout(() => child.kill("SIGTERM"), GRACE_MS).unref();
}

async function copied(child: RemoteProcess, file: string | undefined): Promise<number> {
  const target: Writable = file === undefined ? process.stdout : createWriteStream(file);
  // The reader has closed the pipe (as head does), or the disk is full: end the capture.
  const lost = new Promise<Error>((resolve) => target.once("error", resolve));
  void lost.then(() => ended(child));
  child.stdout.pipe(target, { end: file !== undefined });
  child.stderr.pipe(process.stderr, { end: false });
  const code = await new Promise<number>((resolve) =>
    child.once("close", (status) => resolve(status ?? 255)),
  );
  if (file === undefined || target.writableFinished) return code;
  const fault = await Promise.race([
    lost,
    new Promise<undefined>((done) => target.once("finish", () => done(undefined))),
  ]);
  if (fault === undefined) return code;
  process.stderr.write(`vxlab: ${fault.message}\n`);
  return Exit.failed;
}
