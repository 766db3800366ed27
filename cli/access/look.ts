/** Looks at everything that a lab has, on all hosts at once, and compares it with the stack's state. Changes nothing. */
import { LOOK_COMMAND, readLook } from "../../verify/look";
import type { Difference, HostLook } from "../../verify/look";
import { inTurn } from "../../verify/pace";
import type { Context } from "../command";
import { Fault } from "../exit";
import { busyFactor } from "./crowd";
import { enteringOf, namespaceWords } from "./enter";
import { loadLab, withLab } from "./lab";
import type { OpenLab } from "./lab";
import { hypervisors } from "./hypervisors";
import { machineFaults } from "./machine-drift";
import type { MachineFault, Near } from "./machine-drift";
import { libvirtMode } from "../engine/ready";
import type { Mode } from "../engine/ready";

export interface Look {
  differences: Difference[];
  /** What is wrong with machines. The same faults are in `differences` too. */
  machines: MachineFault[];
  /** Hosts that are not known, and why. */
  unknown: { host: string; why: string }[];
  /** What belongs to no lab, by host. */
  foreign: { host: string; what: string }[];
}

/** Longest wait for a login, ms. */
const LOGIN_MS = 5_000;
/** Time limit of a host after the login, ms. */
const LOOK_MS = 30_000;

/** @throws Fault when there is no lab */
export function look(context: Context, stack: string): Promise<Look> {
  // The engine handles signals: it may be running at the same time.
  const options = { loginLimit: LOGIN_MS * busyFactor(), onSignal: () => undefined };
  return withLab(context, stack, (open) => lookAt(context, open), options);
}

type Known = { host: string } & (HostLook | { silent: string });

async function lookAt(context: Context, open: OpenLab): Promise<Look> {
  const { lab, stack, mode } = open;
  const said = machinesOf(context, stack, mode, open);
  const asked = open.steps();
  const down = new Map(
    (await said.faults)
      .filter(({ what }) => !/tap|transient|disk|image/.test(what))
      .map(({ host, what, found }) => [host, `its ${/network/.test(what) ? "" : "machine "}${found}`]),
  );
  const steps = await asked;
  const looks = await inTurn(lab.hosts, lab.hosts.length, async ({ name }): Promise<Known> => {
    const machine = down.get(name);
    if (machine !== undefined) return { host: name, silent: machine };
    return {
      host: name,
      ...(await lookOn(
        open,
        name,
        steps.filter(({ host }) => host === name),
      )),
    };
  });
  const faults = await said.faults;
  const machines = faults.map(({ host, found }): Difference => ({ host, thing: "machine", found }));
  return {
    differences: [...machines, ...looks.flatMap((one) => ("silent" in one ? [] : one.differences))],
    machines: faults,
    unknown: [
      ...said.silent(),
      ...looks.flatMap((one) => ("silent" in one ? [{ host: one.host, why: one.silent }] : [])),
    ],
    foreign: looks.flatMap((one) =>
      "silent" in one ? [] : one.foreign.map((what) => ({ host: one.host, what })),
    ),
  };
}

async function lookOn(
  { ask, lab }: OpenLab,
  host: string,
  steps: Awaited<ReturnType<OpenLab["steps"]>>,
): Promise<HostLook | { silent: string }> {
  const answer = await ask.ask(host, LOOK_COMMAND, { limit: LOOK_MS });
  if ("silent" in answer) return { silent: answer.silent };
  if (answer.code !== 0)
    return { silent: `cannot be asked: ${answer.stderr.trim() || `exit code ${answer.code}`}` };
  try {
    return readLook(answer.stdout, { lab, host, steps });
  } catch (error) {
    return { silent: `cannot be understood: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function machinesOf(context: Context, stack: string, mode: Mode, { lab }: OpenLab) {
  let silent: Look["unknown"] = [];
  const faults = (async () => {
    try {
      const uris = await hypervisors(context, stack);
      return await machineFaults(lab, uris, nearOf(context, mode), {
        environment: context.environment,
        limit: LOGIN_MS * 4,
      });
    } catch (error) {
      silent = [{ host: "hypervisor", why: error instanceof Error ? error.message : String(error) }];
      return [];
    }
  })();
  return { faults, silent: () => silent };
}

/** The embedded libvirt's devices are in the lab's network namespace; a remote hypervisor's are on another machine. */
function nearOf(context: Context, mode: Mode): Near {
  if (mode === "embedded") return () => namespaceWords(context);
  return (uri) => (/^qemu(\+unix)?:\/\/\//.test(uri) ? enteringOf(uri) : undefined);
}

/** What is wrong with a stack's machines; nothing where no lab is deployed, or a hypervisor does not answer. */
export async function machinesIfDeployed(
  context: Context,
  stack: string,
): Promise<{ faults: MachineFault[]; near: Near }> {
  const mode = await libvirtMode(context, stack);
  const near = nearOf(context, mode);
  try {
    const { lab } = await loadLab(context, stack);
    const limits = { environment: context.environment, limit: LOGIN_MS * 4 };
    return { faults: await machineFaults(lab, await hypervisors(context, stack), near, limits), near };
  } catch (error) {
    context.out.detail(
      `the machines were not compared: ${error instanceof Error ? error.message : String(error)}`,
    );
    return { faults: [], near };
  }
}

/** Undefined where nothing is deployed. */
export async function lookIfDeployed(context: Context, stack: string): Promise<Look | undefined> {
  try {
    return await look(context, stack);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
