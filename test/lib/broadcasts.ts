/** Broadcasts sent by many ends at once: who hears whose, how often, and with which VLAN tag. */
import { randomUUID } from "node:crypto";
import { captures } from "./capture";
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
    await byHost(guests, forgers, (host, own) =>
      guests.tell(host, own.map((one) => forged(guests, one)).join(" && ")),
    );
    return await heardBy(guests, ends, [...ends, ...forgers]);
  } finally {
    // What was not made is not there to be taken away.
    await byHost(guests, forgers, (host, own) =>
      guests.ask(host, own.map((one) => undone(guests, one)).join("; ")),
    );
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
  const ears = await byHost(guests, earsOf(ends).map(placed), async (host, own) => {
    const words = own.map(({ container, nic }) => guests.inside(container, tcpdump.replace("NIC", nic)));
    return { own, end: await captures(guests, host, words) };
  });
  const said = await byHost(guests, voices, (host, own) => send(guests, host, own, voices));
  const mute = voices.filter(
    (voice) =>
      !said.some((texts) => (texts.get(voice) ?? "").includes(`${NUMBERS.length} packets transmitted`)),
  );
  if (mute.length > 0)
    throw new Error(
      `no broadcast of ${mute.map(name).join(", ")}: ${said.flatMap((texts) => [...texts.values()]).join("\n")}`,
    );
  const heard = await Promise.all(
    ears.map(async ({ own, end }) => {
      const texts = await end();
      return own.map((ear, index) => [name(ear), read(texts[index] ?? "", voices)] as const);
    }),
  );
  return Object.fromEntries(heard.flat());
}

/** One connection does it for all of a host: a program of ssh for each would take longer than what it does. */
function byHost<Place extends { container: string }, T>(
  guests: Guests,
  places: readonly Place[],
  work: (host: string, own: readonly Place[]) => Promise<T>,
): Promise<T[]> {
  const hosts = [...new Set(places.map(({ container }) => guests.hostOf(container)))];
  return Promise.all(
    hosts.map((host) =>
      work(
        host,
        places.filter(({ container }) => guests.hostOf(container) === host),
      ),
    ),
  );
}

/**
 * Nobody answers a broadcast (icmp_echo_ignore_broadcasts): -W is what ping waits at its end, and its exit code is 1.
 *
 * @param own voices of one host, which send at the same time
 */
async function send<V extends Voice>(
  guests: Guests,
  host: string,
  own: readonly V[],
  voices: readonly V[],
): Promise<Map<V, string>> {
  const file = `/tmp/voices-${randomUUID()}`;
  const lines = own.map((voice, index) => {
    const { container, nic, broadcast } = voice;
    // ping -s counts no ICMP header, of eight bytes.
    const size = MARK + voices.indexOf(voice) - 8;
    const ping = `ping -n -b -I ${nic} -c ${NUMBERS.length} -i 0.5 -W 1 -s ${size} ${broadcast}`;
    return `${guests.inside(container, ping)} >${file}.${index} 2>&1 &`;
  });
  const texts = own.map((_, index) => `cat ${file}.${index}; echo ${file}`);
  const said = (await guests.tell(host, [...lines, "wait", ...texts].join("\n"))).split(file);
  return new Map(own.map((voice, index) => [voice, said[index] ?? ""]));
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

const name = ({ container, nic }: Pick<Voice, "container" | "nic">): string => `${container} ${nic}`;
const tagged = (voice: string, vlan?: string): string =>
  vlan === undefined ? voice : `${voice}, VLAN ${vlan}`;
const vlanOf = ({ nic }: Voice): string | undefined => nic.split(".")[1];
/** One ear for a whole trunk: what comes untagged, or in a VLAN that is none of its own, is heard there too. */
const earOf = ({ container, nic }: Voice): string => `${container} ${nic.split(".")[0]}`;
const earsOf = (ends: readonly End[]): string[] => [...new Set(ends.map(earOf))];
