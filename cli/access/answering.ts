/** Asks which hosts answer before the engine runs, so that a dead host does not delay the others. */
import type { HostOutput } from "../../plan/contract";
import { run } from "../../system/process";
import { EXISTING } from "../../components/host/spec";
import type { Context } from "../command";
import { Exit, Fault } from "../exit";
import { script } from "../scripts";
import { libvirtMode } from "../engine/ready";
import { entering } from "./enter";
import { hypervisors } from "./hypervisors";
import { sshHost } from "./ssh-files";

/** The names of the hosts at which no SSH server answers within so many seconds. */
export async function silentHosts(
  context: Context,
  stack: string,
  hosts: readonly HostOutput[],
  seconds: number,
): Promise<string[]> {
  if (hosts.length === 0) return [];
  const enter = entering(context, await libvirtMode(context, stack), await hypervisors(context, stack));
  const asked = hosts
    .map(sshHost)
    .flatMap(({ name, address, port = EXISTING.port.default }) => [name, address, String(port)]);
  const [program = "bash", ...words] = [
    ...enter,
    "bash",
    "-c",
    script("silent"),
    "silent.sh",
    String(seconds),
    ...asked,
  ];
  const { code, stdout, stderr } = await run(program, words, {
    env: context.environment,
    timeout: seconds + 30,
  });
  if (code !== 0) throw new Fault(Exit.failed, `the hosts cannot be asked:\n${stderr.trim()}`);
  return stdout.split("\n").filter((name) => name !== "");
}
