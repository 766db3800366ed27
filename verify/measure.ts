/** Measures what an overlay costs: the path between two containers, compared with the path between their hosts. */
import type { HostOutput, LabOutput, PortOutput } from "../plan/contract";
import { CONTAINER_KINDS } from "../components/container/kinds";
import { shellWords } from "../guest/quote";
import type { Ask } from "./ask";
import {
  outerCommand,
  parseOverhead,
  parseTransfer,
  parseWay,
  probesCommand,
  SERVES,
  transferCommand,
  wayCommand,
} from "./evidence/measure";
import type { Tool, WayFacts } from "./evidence/measure";
import { LISTENS } from "./gather";
import { commonAddresses, endsOf } from "./pairs";
import type { End } from "./pairs";

/** The two ends of what is measured. */
export interface Ends {
  from: End;
  to: End;
  /** Of `to`, without prefix length. */
  address: string;
}

/** One way, measured. */
export interface Way extends WayFacts {
  /** Bits a second, TCP; undefined when nothing was transferred. */
  rate?: number;
}

export interface Measured {
  ends: Ends;
  port: PortOutput;
  underlay: Way;
  overlay: Way;
  /** Bytes that the overlay adds to each packet; undefined when none was seen. */
  overhead?: number;
  tool: Tool;
}

/** Pairs that can be measured: in one segment, on two hosts. */
export function measurable({ containers }: LabOutput, a?: string, b?: string): Ends[] {
  const ends = containers.flatMap(endsOf);
  return ends
    .filter(({ name }) => a === undefined || name === a)
    .flatMap((from) =>
      ends
        .filter((to) => (b === undefined ? to.name !== from.name : to.name === b))
        .filter((to) => to.segment === from.segment && to.host !== from.host)
        .flatMap((to) => commonAddresses(from, to).map((address) => ({ from, to, address }))),
    );
}

/** Longest time of one measurement, ms: a busy computer takes many times what a quiet one does. */
const LIMIT_MS = 120_000;

/** @param doing is called with what is measured next */
export async function measure(
  ask: Ask,
  lab: LabOutput,
  ends: Ends,
  doing: (what: string) => void,
): Promise<Measured> {
  const { from, to, address } = ends;
  const [here, there] = [hostOf(lab, from.host), hostOf(lab, to.host)];
  const [source, sink] = await Promise.all([prepare(ask, lab, from), prepare(ask, lab, to)]);
  const tool: Tool = source.iperf3 && sink.iperf3 ? "iperf3" : "nc";
  const way = async (name: string, pids: readonly [number, number], target: string): Promise<Way> => {
    doing(`${name}: round trips`);
    const facts = parseWay(await told(ask, from.host, wayCommand(pids[0], target)));
    doing(`${name}: throughput`);
    const rate = await transferred(ask, ends, tool, pids, target);
    return { ...facts, ...(rate === undefined ? {} : { rate }) };
  };
  const underlay = await way("underlay", [0, 0], there.address);
  const overlay = await way("overlay", [source.pid, sink.pid], address);
  doing("overhead");
  const overhead = await overheadOf(ask, here, there, probesCommand(source.pid, address));
  const port = here.ports.find(({ segment }) => segment === from.segment);
  if (port === undefined) throw new Error(`${from.host} has no port in ${from.segment}`);
  return { ends, port, underlay, overlay, tool, ...(overhead === undefined ? {} : { overhead }) };
}

function hostOf({ hosts }: LabOutput, name: string): HostOutput {
  const found = hosts.find((host) => host.name === name);
  if (found === undefined) throw new Error(`no host ${name}`);
  return found;
}

async function told(ask: Ask, host: string, command: string): Promise<string> {
  const answer = await ask.ask(host, command, { limit: LIMIT_MS });
  return "silent" in answer ? "" : answer.stdout;
}

interface Prepared {
  /** Of the container's first process. */
  pid: number;
  iperf3: boolean;
}

/** @throws Error when the container does not run, in words */
async function prepare(ask: Ask, { containers }: LabOutput, { name, host }: End): Promise<Prepared> {
  const kind = containers.find((one) => one.name === name)?.kind;
  const pid = kind === undefined ? "true" : shellWords(CONTAINER_KINDS[kind].pid(name));
  const command = `${pid}; command -v iperf3`;
  const answer = await ask.ask(host, command, { limit: LIMIT_MS });
  if ("silent" in answer) throw new Error(`${host} ${answer.silent}`);
  const found = Number(/^\s*(\d+)\s*$/m.exec(answer.stdout)?.[1] ?? 0);
  if (found === 0) throw new Error(`${name} does not run on ${host}`);
  return { pid: found, iperf3: answer.stdout.includes("/iperf3") };
}

async function transferred(
  ask: Ask,
  { from, to }: Ends,
  tool: Tool,
  [source, sink]: readonly [number, number],
  target: string,
): Promise<number | undefined> {
  const server = await ask.record(to.host, transferCommand("serve", tool, sink, target), SERVES);
  if (server === undefined) return undefined;
  const said = await told(ask, from.host, transferCommand("send", tool, source, target));
  server.end();
  return parseTransfer(said);
}

/** Longest wait after the last probe for tcpdump to print it, ms. */
const PRINT_MS = 1_500;

async function overheadOf(
  ask: Ask,
  here: HostOutput,
  there: HostOutput,
  probes: string,
): Promise<number | undefined> {
  const recording = await ask.record(here.name, outerCommand(here, there.address), LISTENS);
  if (recording === undefined) return undefined;
  await told(ask, here.name, probes);
  await ask.pause(PRINT_MS);
  recording.end();
  return parseOverhead(recording.text());
}
