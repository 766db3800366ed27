/** The provider of a hypervisor, and a check that it answers before anything is created there. */
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { HypervisorError } from "../../plan/errors";
import type { Problem } from "../../plan/types";
import { child } from "../naming";
import { surveyed } from "./orphans";

export interface Hypervisor {
  /** Name of its provider, as a resource. */
  name: string;
  uri: string;
  /** The setting that names it. */
  path: string;
  provider: libvirt.Provider;
}

export function hypervisor(name: string, uri: string, path: string, parent: pulumi.Resource): Hypervisor {
  const provider = new libvirt.Provider(
    child(name, "libvirt"),
    { uri },
    // The parameterised package reads another version back at its second `up`.
    { parent, ignoreChanges: ["version"] },
  );
  return { name, uri, path, provider };
}

/**
 * Resolves when all of them have answered.
 *
 * @returns an output that fails with a HypervisorError when one of them does not; whatever waits for it is not made
 */
export function answering(all: readonly Hypervisor[]): pulumi.Output<void> {
  const answer = unreachable(all).then((problems) => {
    if (problems.length > 0) throw new HypervisorError(problems);
  });
  return pulumi.output(answer);
}

/** Those that do not answer. */
export async function unreachable(all: readonly Hypervisor[]): Promise<Problem[]> {
  return (await Promise.all(all.map(connectionProblem))).flatMap((problem) => problem ?? []);
}

/** Longest wait for one to answer. */
const LIMIT_MS = 20_000;

/**
 * virsh is tried first: vxlab needs it too, to find and remove leftovers, and it reports why it cannot connect. The provider waits for ever
 * for a server that accepts the connection and sends nothing (dmacvicar/libvirt 0.8.3, libvirt/uri/ssh.go).
 */
async function connectionProblem({ uri, path, provider }: Hypervisor): Promise<Problem | undefined> {
  const no = (why: string): Problem => ({
    path,
    got: uri,
    message: `Cannot be reached: ${why}.`,
    cure: CURE,
  });
  const { end, why } = await surveyed(uri, { limit: LIMIT_MS });
  if (end === "late" || end === "failed") return no(why);
  try {
    await libvirt.getNodeInfo({}, { provider });
    return undefined;
  } catch {
    // This error is empty: the provider sends the reason to the engine only.
    return no("the libvirt provider's error beside this one says why");
  }
}

const CURE =
  "Start libvirtd there, and check that this machine can log in and knows the host key (docs/hypervisors.md).";
