/** Multicast groups of a host beside those of its segments. */
import type { Guests } from "./guests";

/**
 * How many of so many devices come up that are like those of multicast segments: on the same UDP port, so on the same socket,
 * each with a group of its own. They are gone afterwards.
 */
export async function moreGroups(guests: Guests, host: string, count: number): Promise<number> {
  const all = Array.from({ length: count }, (_, index) => index + 1);
  const batch = (options: string, line: (n: number) => string) =>
    `"$ip" ${options} -batch - <<END\n${all.map(line).join("\n")}\nEND\n`;
  const { address } = guests.lab.hosts.find(({ name }) => name === host) ?? {};
  const made = (n: number) =>
    `link add more${n} type vxlan id ${9000 + n} group 239.9.9.${n} dev eth0 local ${address} ttl 16 dstport 4790`;
  const said = await guests.tell(
    host,
    // iproute2's own: busybox's, which the shell takes, knows neither -batch nor vxlan.
    "for ip in /usr/sbin/ip /usr/bin/ip /sbin/ip /bin/ip; do [ ! -x $ip ] || break; done\n" +
      batch("", made) +
      batch("-force", (n) => `link set dev more${n} up`) +
      "ip link | grep -c ': more.*[<,]UP[,>]'\n" +
      batch("", (n) => `link del dev more${n}`),
  );
  return Number(said);
}
