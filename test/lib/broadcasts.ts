/** Broadcasts sent by many ends at once: who hears whose, how often, and with which VLAN tag. */
import { capture } from "./capture";
import type { Guests } from "./guests";

/** One interface of a container, or one VLAN of its trunk, such as eth0.20. */
export interface End {
  container: string;
  nic: string;
  segment: string;
  /** The directed broadcast address of its segment. */
  broadcast: string;
}

/** By ear, then by voice, the numbers of the pings that were heard, in that order: `{ c2: { c1: [1, 2, 3] } }`. */
export type Heard = Record<string, Record<string, number[]>>;

/** Each end sends so many. */
const NUMBERS = [1, 2, 3];
/** Bytes of ICMP, by which a frame tells its sender wherever it comes out: this, and one more for each end. */
const MARK = 200;

/** What every end has to hear: all other ends of its own segment, each number once, and nobody else. */
export function onceEach(ends: readonly End[]): Heard {
  const heard = Object.fromEntries(earsOf(ends).map((ear): [string, Heard[string]] => [ear, {}]));
  for (const here of ends)
    for (const voice of ends)
      if (voice !== here && voice.segment === here.segment)
        (heard[earOf(here)] ??= {})[tagged(name(voice), vlanOf(here))] = NUMBERS;
  return heard;
}

/** What every end hears when all of them send. Whoever hears nothing is in it, with nothing. */
export async function broadcasts(guests: Guests, ends: readonly End[]): Promise<Heard> {
  // -e: with the VLAN tags. Only what comes in: a sender's own frame must not come back.
  const tcpdump = `tcpdump -Q in -nn -e -l -i NIC 'icmp[icmptype] = icmp-echo or (vlan and icmp[icmptype] = icmp-echo)'`;
  const ears = await Promise.all(
    earsOf(ends).map(async (ear) => {
      const [container = "", nic = "eth0"] = ear.split(" ");
      const words = guests.inside(container, tcpdump.replace("NIC", nic));
      return [ear, await capture(guests, guests.hostOf(container), words)] as const;
    }),
  );
  const sent = await Promise.all(ends.map((end, index) => send(guests, end, MARK + index)));
  const mute = ends.filter(
    (_, index) => !(sent[index] ?? "").includes(`${NUMBERS.length} packets transmitted`),
  );
  if (mute.length > 0) throw new Error(`no broadcast of ${mute.map(name).join(", ")}: ${sent.join("\n")}`);
  const texts = await Promise.all(ears.map(async ([ear, end]) => [ear, await end()] as const));
  return Object.fromEntries(texts.map(([ear, text]) => [ear, read(text, ends)]));
}

/** Nobody answers a broadcast (icmp_echo_ignore_broadcasts): -W is what ping waits at its end, and its exit code is 1. */
async function send(guests: Guests, { container, nic, broadcast }: End, mark: number): Promise<string> {
  // ping -s counts no ICMP header, of eight bytes.
  const options = `-b -I ${nic} -c ${NUMBERS.length} -i 0.5 -W 1 -s ${mark - 8}`;
  const { stdout, stderr } = await guests.ping(container, `${options} ${broadcast}`);
  return stdout + stderr;
}

function read(text: string, ends: readonly End[]): Record<string, number[]> {
  const heard: Record<string, number[]> = {};
  for (const [, vlan, number, length] of text.matchAll(
    /(?:vlan (\d+), .*)?ICMP echo request, id \d+, seq (\d+), length (\d+)/g,
  )) {
    const voice = ends[Number(length) - MARK];
    if (voice !== undefined) (heard[tagged(name(voice), vlan)] ??= []).push(Number(number));
  }
  return heard;
}

const name = ({ container, nic }: End): string => `${container} ${nic}`;
const tagged = (voice: string, vlan?: string): string =>
  vlan === undefined ? voice : `${voice}, VLAN ${vlan}`;
const vlanOf = ({ nic }: End): string | undefined => nic.split(".")[1];
/** One ear for a whole trunk: what comes untagged, or in a VLAN that is none of its own, is heard there too. */
const earOf = ({ container, nic }: End): string => `${container} ${nic.split(".")[0]}`;
const earsOf = (ends: readonly End[]): string[] => [...new Set(ends.map(earOf))];
