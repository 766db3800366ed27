/** VXLAN and GENEVE packets that nobody but Open vSwitch or the kernel should send: by a plain UDP socket, as anybody in a container can. */
import { capture } from "./capture";
import type { Guests } from "./guests";

export interface Forgery {
  /** A container, or a host itself. */
  from: string | { host: string };
  /** A host's address. */
  to: string;
  /** @default VXLAN */
  encapsulation?: "geneve";
  /** UDP port. @default that of the encapsulation (IANA) */
  port?: number;
  vni: number;
  /** Who must not hear it: a container's eth0, or an interface of a host. */
  victim: string | { host: string; device: string };
}

/** Broadcasts of an Ethernet type that nobody uses (IEEE 802, local experimental), by a MAC of their own. */
const SOURCE = [0x02, 0x00, 0x00, 0x00, 0x66, 0x01];
const FRAME = [...Array<number>(6).fill(0xff), ...SOURCE, 0x88, 0xb5];
const TIMES = 3;

const escaped = (bytes: readonly number[]) =>
  bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");

/**
 * RFC 7348 section 5: flags, of which one says that there is a VNI; the VNI in three bytes. RFC 8926 section 3.4: no options, an Ethernet
 * frame follows; the VNI at the same place.
 */
const header = ({ encapsulation, vni }: Forgery) => [
  ...(encapsulation === "geneve" ? [0, 0, 0x65, 0x58] : [0x08, 0, 0, 0]),
  ...[(vni >> 16) & 0xff, (vni >> 8) & 0xff, vni & 0xff, 0],
];

/** bash has UDP sockets; a write is a packet. */
const send = (attack: Forgery) =>
  `bash -c 'exec 3>/dev/udp/${attack.to}/${attack.port ?? (attack.encapsulation === "geneve" ? 6081 : 4789)}; for i in ${[...Array(TIMES).keys()].join(" ")}; do ` +
  `printf "${escaped([...header(attack), ...FRAME])}%046d" 0 >&3; sleep 0.2; done'`;

/** How many of three forged frames the victim has heard. */
export function forger(guests: Guests): (attack: Forgery) => Promise<number> {
  return async (attack) => {
    const { from, victim } = attack;
    const filter = `ether src ${SOURCE.map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`;
    const listen = (device: string) => `tcpdump -i ${device} -nn -e -l ${filter}`;
    const ear =
      typeof victim === "string"
        ? await capture(guests, guests.hostOf(victim), guests.inside(victim, listen("eth0")))
        : await capture(guests, victim.host, listen(victim.device));
    const [host, words] =
      typeof from === "string"
        ? [guests.hostOf(from), guests.inside(from, send(attack))]
        : [from.host, send(attack)];
    await guests.tell(host, words);
    return (await ear()).split("\n").filter((line) => line.includes("0x88b5")).length;
  };
}
