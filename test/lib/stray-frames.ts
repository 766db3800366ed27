/** Packets in a tunnel that nobody but a segment's own tunnel should carry: from one container to another, sent by their hosts' shell. */

interface End {
  mac: string;
  address: string;
}

export interface Stray {
  /** The VTEP that gets them. */
  to: string;
  /** UDP port of the tunnel. */
  port: number;
  vni: number;
  /** GENEVE instead of VXLAN. */
  geneve: boolean;
  source: End;
  target: End;
}

const TIMES = 3;

const bytesOf = (address: string): number[] => address.split(".").map(Number);
const macOf = (mac: string): number[] => mac.split(":").map((part) => parseInt(part, 16));
const word = (number: number): number[] => [(number >> 8) & 0xff, number & 0xff];

/** Of RFC 1071, over a header whose own field is zero. */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** UDP to port 9 (discard), without a checksum of its own (RFC 768). */
function frame({ source, target }: Stray): number[] {
  const data = Array<number>(20).fill(0x78);
  const udp = [...word(9), ...word(9), ...word(8 + data.length), 0, 0, ...data];
  const header = (sum: number) => [
    ...[0x45, 0, ...word(20 + udp.length), 0, 0, 0, 0, 64, 17, ...word(sum)],
    ...bytesOf(source.address),
    ...bytesOf(target.address),
  ];
  return [...macOf(target.mac), ...macOf(source.mac), 0x08, 0x00, ...header(checksum(header(0))), ...udp];
}

/** RFC 7348 section 5, RFC 8926 section 3.4. */
const outer = ({ geneve, vni }: Stray): number[] => [
  ...(geneve ? [0, 0, 0x65, 0x58] : [0x08, 0, 0, 0]),
  ...[(vni >> 16) & 0xff, ...word(vni), 0],
];

/** Three packets: bash has UDP sockets, and a write is a packet. Bash writes at each line break, dd all at once. */
export function strayScript(stray: Stray): string {
  const text = [...outer(stray), ...frame(stray)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`);
  const times = [...Array(TIMES).keys()].join(" ");
  const file = "/tmp/stray";
  return `bash -c 'printf "${text.join("")}" >${file}; exec 3>/dev/udp/${stray.to}/${stray.port}
    for i in ${times}; do dd if=${file} bs=2000 count=1 >&3 2>/dev/null; sleep 0.2; done; rm ${file}'`;
}
