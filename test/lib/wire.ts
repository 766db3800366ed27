/** Packets as tcpdump prints them in hexadecimal (-x) or writes them (-w), read without its own idea of VXLAN. */

export interface VxlanPacket {
  outer: { from: string; to: string; udpPort: number };
  vni: number;
  inner: { from: string; to: string };
}

/** Lengths of the headers, bytes: IPv4 without options, UDP, VXLAN (RFC 7348 section 5), Ethernet. */
const [IP, UDP, VXLAN, ETHERNET] = [20, 8, 8, 14];

export function vxlanPackets(text: string): VxlanPacket[] {
  const packets = text.split(/^(?=\S)/m).map((packet) => {
    const lines = [...packet.matchAll(/^\s+0x[0-9a-f]+:((?: +[0-9a-f]{2,4})+)/gm)].map(([, hex]) => hex);
    return Buffer.from(lines.join("").replace(/\s/g, ""), "hex");
  });
  return packets.filter((bytes) => bytes.length >= 2 * IP + UDP + VXLAN + ETHERNET).map(decode);
}

/** Lengths of the headers of a file and of each packet in it, bytes (pcap-savefile(5)). */
const [FILE, PACKET] = [24, 16];

/** Of the first packet in a file that holds VXLAN and nothing else. */
export function firstVni(file: Buffer): number {
  const magic = file.readUInt32LE(0).toString(16);
  if (magic !== "a1b2c3d4") throw new Error(`no capture file: it begins with ${magic}`);
  return decode(file.subarray(FILE + PACKET + ETHERNET)).vni;
}

function decode(bytes: Buffer): VxlanPacket {
  const header = IP + UDP;
  return {
    outer: { ...addresses(bytes, 0), udpPort: bytes.readUInt16BE(IP + 2) },
    vni: bytes.readUIntBE(header + 4, 3),
    inner: addresses(bytes, header + VXLAN + ETHERNET),
  };
}

function addresses(bytes: Buffer, start: number): { from: string; to: string } {
  const dotted = (at: number) => [...bytes.subarray(start + at, start + at + 4)].join(".");
  return { from: dotted(12), to: dotted(16) };
}
