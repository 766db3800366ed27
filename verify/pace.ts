/** How much runs at once. Machines of a lab share this computer's processors; more at once would only wait and miss their deadlines. */

/** Hosts that are asked at the same time. */
export function hostsAtOnce(cores: number): number {
  return Math.max(8, 4 * cores);
}

/** Pings that wait for an answer at the same time on each host, 1-12. */
export function pingsAtOnce(hosts: number, cores: number): number {
  const busy = Math.max(1, Math.min(hosts, hostsAtOnce(cores)));
  return Math.min(12, Math.max(1, Math.floor((6 * cores) / busy)));
}

/** As Promise.all of `work` over `items`, in their order, with at most `most` under way. */
export async function inTurn<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const lane = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane));
  return results;
}
