/** A deployed lab: its description from the stack's state, and SSH to its hosts. */
import { existsSync } from "node:fs";
import { embeddedPlaces, pulumiWrapper } from "../../system/paths";
import type { Ask } from "../../verify/ask";
import type { LabOutput } from "../../plan/contract";
import { askBySsh } from "./ask";
import { entering } from "./enter";
import type { Context } from "../command";
import { pulumi } from "../engine/engine";
import { Exit, Fault } from "../exit";
import { libvirtMode } from "../engine/ready";
import type { Mode } from "../engine/ready";
import { hypervisorsBelow } from "./hypervisors";
import { Remote } from "./remote";
import type { RemoteOptions } from "./remote";
import { sshHost } from "./ssh-files";
import { ownBackend, stateInFile } from "../state/stack";
import { resourcesOf } from "../state/export";
import { keysOfState } from "../state/keys";
import { labOfState, noLab } from "../state/lab";
import { stepsOf } from "../state/steps";
import type { Step } from "../state/steps";

export interface LoadedLab {
  lab: LabOutput;
  /** The login key of each host, by host name. Computed from a secret, for which Pulumi is asked once. */
  keys: () => Promise<Map<string, string>>;
  /** The stack's state with its secrets. */
  secrets: () => Promise<unknown>;
  /** The hypervisors that its hosts are on, as far as states name them. */
  hypervisors: () => Promise<readonly string[]>;
}

/** Reads the state. If its file is in this checkout, Pulumi is asked for secrets only. */
export async function loadLab(context: Context, stack: string): Promise<LoadedLab> {
  if (context.plain !== true && !existsSync(pulumiWrapper(context.paths)))
    throw ownBackend(context.environment) ? noLab(stack) : notSetUp(context);
  let asked: Promise<unknown> | undefined;
  const secrets = () => (asked ??= exported(context, stack));
  const state = stateInFile(context, stack) ?? (await secrets());
  const lab = labOfState(state, stack, context.plain);
  let keys: Promise<Map<string, string>> | undefined;
  return {
    lab,
    secrets,
    hypervisors: () => hypervisorsBelow(context, resourcesOf(state)),
    keys: () => (keys ??= secrets().then((state) => keysOfState(state, lab, stack))),
  };
}

function notSetUp({ paths, environment }: Context): Fault {
  return new Fault(
    Exit.missing,
    `${paths.root} is not set up for ${environment["PULUMI_BACKEND_URL"]}: run ./vxlab env first`,
  );
}

/** Time limit of `pulumi stack export --show-secrets`, seconds: it takes 0.4, and much more on a busy machine. */
const EXPORT_LIMIT = 60;

async function exported(context: Context, stack: string): Promise<unknown> {
  const words = ["stack", "export", "--show-secrets", "--stack", stack];
  const { code, stdout, stderr } = await pulumi(context, words, EXPORT_LIMIT);
  if (/no stack named/.test(stderr)) throw noLab(stack, context.plain);
  if (code === 124) throw new Fault(Exit.failed, `pulumi stack export did not end within ${EXPORT_LIMIT} s`);
  if (code !== 0) throw new Fault(Exit.failed, `pulumi stack export:\n${stderr.trim()}`);
  return JSON.parse(stdout);
}

export interface OpenLab {
  lab: LabOutput;
  stack: string;
  mode: Mode;
  remote: Remote;
  /** `remote` for verify. */
  ask: Ask;
  /** The steps that put things on its hosts. */
  steps: () => Promise<Step[]>;
}

/** Loads the lab, opens SSH to its hosts for `work`, and closes it afterwards. */
export async function withLab<T>(
  context: Context,
  stack: string,
  work: (lab: OpenLab) => Promise<T>,
  options: Pick<RemoteOptions, "onSignal" | "loginLimit"> = {},
): Promise<T> {
  const [{ lab, keys, secrets, hypervisors }, mode] = await Promise.all([
    loadLab(context, stack),
    libvirtMode(context, stack),
  ]);
  const { netns, run } = embeddedPlaces(context.paths.id);
  if (mode === "embedded" && !existsSync(netns)) {
    const why = "the lab's network namespace does not exist, as after a reboot of this machine";
    throw new Fault(Exit.missing, `${why}: run ./vxlab up, which starts the machines again`);
  }
  // Pulumi decrypts the state while ssh connects.
  const coming = keys().then(
    (all) => ({ all }),
    (error: unknown) => ({ error }),
  );
  const remote = new Remote({
    hosts: lab.hosts.map(sshHost),
    keyOf: async (host) => {
      const found = await coming;
      return "all" in found ? found.all.get(host) : undefined;
    },
    enter: entering(context, mode, await hypervisors()),
    places: [run],
    ...options,
  });
  try {
    const steps = async () => stepsOf(await secrets(), lab);
    const result = await work({ lab, stack, mode, remote, ask: askBySsh(remote), steps });
    const found = await coming;
    // ssh was refused for lack of keys: this is the reason.
    if ("error" in found) throw found.error;
    return result;
  } finally {
    remote.close();
  }
}
