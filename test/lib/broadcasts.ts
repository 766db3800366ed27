/** Broadcasts sent by many ends at once: who hears whose, how often, and with which VLAN tag. */
import { capture } from "./capture";
import type { Guests } from "./guests";

/** Whoever sends: one interface of a container, or one VLAN on it, such as eth0.20. */
interface Voice {
  container: string;
  nic: string;
  /** The directed broadcast address that it sends to. */
  broadcast: string;
}

/** A voice that has its place in a segment, and an ear there. */
export interface End extends Voice {
  segment: string;
}

/** A voice that nobody gave its container: made by hand in there, by root as whom containers run. */
export interface Forger extends Voice {
  /** With its prefix length. */
  address: string;
}

/** Of one segment, by places such as `c1 eth0`. */
export const endsOf = (segment: string, broadcast: string, ...places: string[]): End[] =>
  places.map((place) => ({ ...placed(place), segment, broadcast }));

export const forger = (place: string, address: string, broadcast: string): Forger => ({
  ...placed(place),
  address,
  broadcast,
});

function placed(place: string): Pick<Voice, "container" | "nic"> {
  const [container = "", nic = "eth0"] = place.split(" ");
  return { container, nic };
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

/**
 * What every end hears when all of them send, and the forgers at the same time. Whoever hears nothing is in it, with nothing.
 * The forgers' interfaces and addresses are gone afterwards.
 */
export async function broadcasts(
  guests: Guests,
  ends: readonly End[],
  forgers: readonly Forger[] = [],
): Promise<Heard> {
  try {
    await Promise.all(forgers.map((one) => guests.tell(guests.hostOf(one.container), forged(guests, one))));
    return await heardBy(guests, ends, [...ends, ...forgers]);
  } finally {
    // What was not made is not there to be taken away.
    await Promise.all(forgers.map((one) => guests.ask(guests.hostOf(one.container), undone(guests, one))));
  }
}

const forged = (guests: Guests, { container, nic, address }: Forger): string => {
  const [device, vlan] = nic.split(".");
  const words = [
    ...(vlan === undefined ? [] : [`ip link add link ${device} name ${nic} type vlan id ${vlan}`]),
    `ip address add ${address} dev ${nic}`,
    `ip link set dev ${nic} up`,
  ];
  return words.map((word) => guests.inside(container, word)).join(" && ");
};

const undone = (guests: Guests, { container, nic, address }: Forger): string =>
  guests.inside(
    container,
    nic.includes(".") ? `ip link del dev ${nic}` : `ip address del ${address} dev ${nic}`,
  );

async function heardBy(guests: Guests, ends: readonly End[], voices: readonly Voice[]): Promise<Heard> {
  // -e: with the VLAN tags. Only what comes in: a sender's own frame must not come back.
  const tcpdump = `tcpdump -Q in -nn -e -l -i NIC 'icmp[icmptype] = icmp-echo or (vlan and icmp[icmptype] = icmp-echo)'`;
  const ears = await Promise.all(
    earsOf(ends).map(async (ear) => {
      const { container, nic } = placed(ear);
      const words = guests.inside(container, tcpdump.replace("NIC", nic));
      return [ear, await capture(guests, guests.hostOf(container), words)] as const;
    }),
  );
  const sent = await Promise.all(voices.map((voice, index) => send(guests, voice, MARK + index)));
  const mute = voices.filter(
    (_, index) => !(sent[index] ?? "").includes(`${NUMBERS.length} packets transmitted`),
  );
  if (mute.length > 0) throw new Error(`no broadcast of ${mute.map(name).join(", ")}: ${sent.join("\n")}`);
  const texts = await Promise.all(ears.map(async ([ear, end]) => [ear, await end()] as const));
  return Object.fromEntries(texts.map(([ear, text]) => [ear, read(text, voices)]));
}

/** Nobody answers a broadcast (icmp_echo_ignore_broadcasts): -W is what ping waits at its end, and its exit code is 1. */
async function send(guests: Guests, { container, nic, broadcast }: Voice, mark: number): Promise<string> {
  // ping -s counts no ICMP header, of eight bytes.
  const options = `-b -I ${nic} -c ${NUMBERS.length} -i 0.5 -W 1 -s ${mark - 8}`;
  const { stdout, stderr } = await guests.ping(container, `${options} ${broadcast}`);
  return stdout + stderr;
}

function read(text: string, voices: readonly Voice[]): Record<string, number[]> {
  const heard: Record<string, number[]> = {};
  for (const [, vlan, number, length] of text.matchAll(
    /(?:vlan (\d+), .*)?ICMP echo request, id \d+, seq (\d+), length (\d+)/g,
  )) {
    const voice = voices[Number(length) - MARK];
    if (voice !== undefined) (heard[tagged(name(voice), vlan)] ??= []).push(Number(number));
  }
  return heard;
}

const name = ({ container, nic }: Voice): string => `${container} ${nic}`;
const tagged = (voice: string, vlan?: string): string =>
  vlan === undefined ? voice : `${voice}, VLAN ${vlan}`;
const vlanOf = ({ nic }: Voice): string | undefined => nic.split(".")[1];
/** One ear for a whole trunk: what comes untagged, or in a VLAN that is none of its own, is heard there too. */
const earOf = ({ container, nic }: Voice): string => `${container} ${nic.split(".")[0]}`;
const earsOf = (ends: readonly End[]): string[] => [...new Set(ends.map(earOf))];
