import { CONTAINER_KINDS } from "../../components/container/kinds";
import { virsh } from "../../components/libvirt/virsh";
import { shellWords } from "../../guest/quote";
import type { HostOutput } from "../../plan/contract";
import type { ContainerPlan } from "../../plan/types";
import { badUsage, stackName, stackOption } from "../args";
import { ASK_MS, BOOT_MS, isComplete, POLL_MS } from "../access/booted";
import { heal } from "../access/heal";
import { hypervisors } from "../access/hypervisors";
import { withLab, type OpenLab } from "../access/lab";
import type { Command, Context } from "../command";
import { Exit, Fault } from "../exit";
import { readWords, targetNamed } from "../words";

/** Time limit of a container's stop, ms. Long enough for emulation on a busy machine. */
const STOP_MS = 60_000;

export const restart: Command = {
  name: "restart",
  summary: "reboot a machine, or stop a container and start it again; what they wrote stays",
  operands: "HOST|CONTAINER",
  options: stackOption,
  more: "The command returns when everything on the machine is running again. A machine that does not answer is reset.",
  examples: [
    ["restart c1", "the container"],
    ["restart kvm1", "the machine with all of its containers"],
  ],
  async run(context, args) {
    const { values, name, rest } = readWords(restart, args, stackOption);
    if (rest.length > 0) throw badUsage(restart, `unexpected: ${rest.join(" ")}`);
    const stack = stackName(values.stack, context.environment);
    return withLab(context, stack, (open) => restartNamed(context, open, name));
  },
};

export async function restartNamed(context: Context, open: OpenLab, name: string): Promise<number> {
  const { host, container } = targetNamed(open.lab, name);
  if (container !== undefined) return restartContainer(context, open, container);
  return context.out.step(`restarting ${name}`, () => restartHost(context, open, host));
}

async function restartContainer({ out }: Context, open: OpenLab, container: ContainerPlan): Promise<number> {
  const { name, host, kind } = container;
  const step = (await open.steps()).find((one) => one.kind === "container" && one.key === name);
  if (step === undefined)
    throw new Fault(Exit.missing, `the state of stack ${open.stack} has no container ${name}: run up`);
  const stopped = await out.wait(`stopping ${name}`, () =>
    open.remote.run(host, shellWords(CONTAINER_KINDS[kind].stop(name)), STOP_MS),
  );
  // lxc-stop fails for a container that is not running. This is not an error here: the step starts it.
  if (stopped.code === 255) throw new Fault(Exit.failed, `${host} ${stopped.stderr.trim()}`);
  if (stopped.code === 124)
    throw new Fault(
      Exit.failed,
      `${name} is still running ${STOP_MS / 1000} s after its stop: restart its host, vxlab restart ${host}`,
    );
  return (await heal(out, open.ask, [{ step, why: "restarted" }])) ? Exit.ok : Exit.failed;
}

async function restartHost(context: Context, open: OpenLab, host: HostOutput): Promise<number> {
  const { name, existing, domain } = host;
  if (existing !== undefined || domain === undefined)
    throw new Fault(
      Exit.usage,
      `${name} is an existing host, which vxlab does not restart: run vxlab ssh ${name} -- reboot`,
    );
  const before = await bootId(open, name);
  const asked = await open.remote.run(name, "sync; reboot", ASK_MS);
  if (before === undefined || (asked.code !== 0 && asked.code !== 255))
    await reset(context, open.stack, domain);
  const { ask } = open;
  const limit = ask.now() + BOOT_MS;
  while (ask.now() < limit) {
    await ask.pause(POLL_MS);
    open.remote.forget(name);
    const now = await bootId(open, name);
    if (now !== undefined && now !== before && (await isComplete(open, name, limit))) return Exit.ok;
  }
  throw new Fault(
    Exit.failed,
    `${name} has not booted completely within ${BOOT_MS / 1000} s: run vxlab status to see what is missing, or up to apply it`,
  );
}

async function bootId({ remote }: OpenLab, host: string): Promise<string | undefined> {
  const { code, stdout } = await remote.run(host, "cat /proc/sys/kernel/random/boot_id", ASK_MS);
  return code === 0 ? stdout.trim() : undefined;
}

async function reset(context: Context, stack: string, domain: string): Promise<void> {
  const uris = await hypervisors(context, stack);
  const answers = await Promise.all(uris.map((uri) => virsh(uri, ["reset", domain], { limit: ASK_MS })));
  if (answers.some(({ end }) => end === "done")) return;
  const why = answers.map((answer) => ("why" in answer ? answer.why : "")).join("; ");
  throw new Fault(
    Exit.failed,
    `${domain} does not answer and cannot be reset (${why}): run up, which starts it`,
  );
}
