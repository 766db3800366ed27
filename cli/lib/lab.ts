/** The lab that stands: read from the stack's state, and the way to its hosts. */
import { existsSync } from "node:fs";
import { embeddedScript, pulumiWrapper } from "../../toolchain/paths";
import type { Context } from "../command";
import { pulumi } from "./engine";
import { Exit, Fault } from "./exit";
import { libvirtMode } from "./ready";
import type { Mode } from "./ready";
import { Remote } from "./remote";
import type { RemoteOptions } from "./remote";
import { labOfState, noLab } from "./state";
import type { LabAccess } from "./state";

/** Reads the state once: it holds the output `lab` and the secret that the login key is computed from. */
export async function loadLab(context: Context, stack: string): Promise<LabAccess> {
  if (!existsSync(pulumiWrapper(context.paths))) throw noLab(stack);
  const { code, stdout, stderr } = await pulumi(context, [
    "stack",
    "export",
    "--show-secrets",
    "--stack",
    stack,
  ]);
  if (/no stack named/.test(stderr)) throw noLab(stack);
  if (code !== 0) throw new Fault(Exit.failed, `pulumi stack export:\n${stderr.trim()}`);
  return labOfState(JSON.parse(stdout), stack);
}

export interface OpenLab extends LabAccess {
  stack: string;
  mode: Mode;
  remote: Remote;
}

/** Loads the lab, hands it with a way to its hosts to `work`, and takes the key away afterwards. */
export async function withLab<T>(
  context: Context,
  stack: string,
  work: (lab: OpenLab) => Promise<T>,
  options: Pick<RemoteOptions, "onSignal" | "loginLimit"> = {},
): Promise<T> {
  const [access, mode] = await Promise.all([loadLab(context, stack), libvirtMode(context, stack)]);
  const embedded = mode === "embedded";
  if (embedded && !existsSync(`/run/netns/vxlab-${context.paths.id}`)) {
    const why = "the lab's network namespace is gone, as after a reboot of this machine";
    throw new Fault(Exit.missing, `${why}: run ./vxlab up, which starts the machines again`);
  }
  const remote = new Remote({
    hosts: access.hosts,
    loginKey: access.loginKey,
    enter: embedded ? namespaceWords(context) : [],
    places: [`/run/vxlab/${context.paths.id}`],
    ...options,
  });
  try {
    return await work({ ...access, stack, mode, remote });
  } finally {
    remote.close();
  }
}

/** An embedded lab's addresses mean something in its own network namespace only. */
function namespaceWords({ paths }: Context): string[] {
  return ["env", `VXLAB_ROOT=${paths.root}`, embeddedScript(paths), "exec"];
}
