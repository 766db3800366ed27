/**
 * Frames of one's own making out of a container's interface, as root in there could send them: a bridge of the host's makes
 * them, a veth brings them into the container's network, where tc sends them on by eth0.
 */
import { randomUUID } from "node:crypto";
import { capture } from "./capture";
import { processOf, type Guests } from "./guests";

const BRIDGE = "forge";
/** Each frame ends with a text of this length, by which it is known wherever it comes out. */
const MARK = /vxlab-[0-9a-f]{10}/g;

export const mark = (): string => `vxlab-${randomUUID().replaceAll("-", "").slice(0, 10)}`;

/** Makes ready to send from these containers. */
export async function forging(guests: Guests, containers: readonly string[]): Promise<void> {
  for (const name of containers) {
    const [outer, inner] = [`f-${name}`, `g-${name}`];
    const inside = (words: string) => guests.inside(name, words);
    await guests.tell(
      guests.hostOf(name),
      `set -e
      ovs-vsctl --may-exist add-br ${BRIDGE}
      ip link add ${outer} type veth peer name ${inner}
      ip link set ${inner} netns ${processOf(name)}
      ip link set ${outer} up
      ${inside(`ip link set ${inner} up`)}
      ${inside(`tc qdisc add dev ${inner} ingress`)}
      ${inside(`tc filter add dev ${inner} parent ffff: matchall action mirred egress redirect dev eth0`)}
      ovs-vsctl add-port ${BRIDGE} ${outer}`,
    );
  }
}

/** Sends the frames from a container, once each. */
export async function send(guests: Guests, from: string, frames: readonly Buffer[]): Promise<void> {
  const lines = frames.map(
    (frame) => `packet-out in_port=controller,packet=${frame.toString("hex")},actions=output:f-${from}`,
  );
  await guests.tell(guests.hostOf(from), `ovs-ofctl bundle ${BRIDGE} -`, 60, lines.join("\n") + "\n");
}

/** What a container hears on an interface, as the marks of the frames: begins at once, ends when it is called. */
export async function hearing(
  guests: Guests,
  container: string,
  nic = "eth0",
): Promise<() => Promise<string[]>> {
  const words = guests.inside(container, `tcpdump -Q in -i ${nic} -nn -l -xx`);
  const end = await capture(guests, guests.hostOf(container), words, 120);
  return async () => {
    const hex = (await end())
      .split("\n")
      .map((line) => (/^\s+0x[0-9a-f]+:(.*)$/.exec(line)?.[1] ?? "\n").replaceAll(" ", ""));
    const bytes = Buffer.from(hex.join("").replaceAll("\n", ""), "hex");
    return [...new Set(bytes.toString("latin1").match(MARK))];
  };
}
