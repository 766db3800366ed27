/** How a lab's hosts are reached: the addresses of an embedded libvirt's machines exist in its network namespace only. */
import { existsSync } from "node:fs";
import { embeddedPlaces, embeddedScript } from "../../system/paths";
import type { Context } from "../command";
import type { Mode } from "../engine/ready";

/**
 * The words to put before a command so that it reaches the hosts of a stack.
 *
 * @param uris the hypervisors of the stack
 */
export function entering(context: Context, mode: Mode, uris: readonly string[]): string[] {
  if (mode === "embedded") return namespaceWords(context);
  const [words = [], ...others] = uris.map(enteringOf);
  return others.every((other) => other.join() === words.join()) ? words : [];
}

/** The words to put before a command so that it sees the network devices of a hypervisor on this machine. */
export function enteringOf(uri: string): string[] {
  const id = /[?&]socket=\/run\/vxlab\/([0-9a-f]{8})\//.exec(decodeURIComponent(uri))?.[1];
  if (id === undefined) return [];
  const { namespace, netns } = embeddedPlaces(id);
  return existsSync(netns) ? ["ip", "netns", "exec", namespace] : [];
}

/** For the embedded libvirt of this checkout. */
export function namespaceWords({ paths }: Context): string[] {
  return ["env", `VXLAB_ROOT=${paths.root}`, embeddedScript(paths), "exec"];
}
