/** From where a lab's hosts are reached: addresses of an embedded libvirt's machines exist in its network namespace only. */
import { existsSync } from "node:fs";
import { embeddedScript } from "../../system/paths";
import type { Context } from "../command";
import { libvirtMode, type Mode } from "../engine/ready";
import { hypervisors } from "./hypervisors";

/** Words before a command that is to reach the hosts of a stack. */
export async function entering(context: Context, stack: string, mode?: Mode): Promise<string[]> {
  if ((mode ?? (await libvirtMode(context, stack))) === "embedded") return namespaceWords(context);
  const all = (await hypervisors(context, stack)).map(elsewhere);
  const [first] = all;
  return first !== undefined && all.every((one) => one === first) ? enter(first) : [];
}

/** Words before a command that is to see the devices of a hypervisor on this machine. */
export function enteringOf(uri: string): string[] {
  const namespace = elsewhere(uri);
  return namespace === undefined ? [] : enter(namespace);
}

/** The checkout's own. */
export function namespaceWords({ paths }: Context): string[] {
  return ["env", `VXLAB_ROOT=${paths.root}`, embeddedScript(paths), "exec"];
}

/** The namespace of the embedded libvirt of a checkout, which its socket names (toolchain/embedded.sh). */
function elsewhere(uri: string): string | undefined {
  const id = /[?&]socket=\/run\/vxlab\/([0-9a-f]{8})\/libvirt-sock(&|$)/.exec(decodeURIComponent(uri))?.[1];
  return id !== undefined && existsSync(`/run/netns/vxlab-${id}`) ? `vxlab-${id}` : undefined;
}

const enter = (namespace: string): string[] => ["ip", "netns", "exec", namespace];
