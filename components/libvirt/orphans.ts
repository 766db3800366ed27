/**
 * Clears away what a failed or killed create left in libvirt.
 *
 * The provider defines a domain, then starts it; when the start fails, the definition stays behind but not in the
 * state, and the next `up` ends with "already exists" (dmacvicar/terraform-provider-libvirt#921). A hook looks before
 * each create and after each failed one. It touches only names that carry the lab's own random id.
 */
import * as pulumi from "@pulumi/pulumi";
import { LIBVIRT_NAME } from "../naming";
import { undefineWords, virsh } from "./virsh";

/** virsh's words: how to ask for a thing, and how to end it. `NAME` and `POOL` are put in. */
interface Words {
  ask: string[];
  end: string[][];
}

const VOLUME: Words = {
  ask: ["vol-info", "--pool", "POOL", "NAME"],
  end: [["vol-delete", "--pool", "POOL", "NAME"]],
};

/** By the last word of a resource's type. */
const WORDS: Record<string, Words | undefined> = {
  Domain: {
    ask: ["domstate", "NAME"],
    end: [["destroy", "NAME"], undefineWords("NAME")],
  },
  Network: {
    ask: ["net-info", "NAME"],
    end: [
      ["net-destroy", "NAME"],
      ["net-undefine", "NAME"],
    ],
  },
  Pool: {
    ask: ["pool-info", "NAME"],
    end: [
      ["pool-destroy", "NAME"],
      ["pool-undefine", "NAME"],
    ],
  },
  Volume: VOLUME,
  CloudinitDisk: VOLUME,
};

/** One set for each hypervisor of a program: the engine is told of every hook in a request of its own. */
const shared = new WeakMap<pulumi.Resource, Map<string, pulumi.ResourceHookBinding>>();

/**
 * Hooks for a libvirt resource that clear a namesake away before it is created and after its creation failed.
 *
 * @param resource its name
 * @param uri the hypervisor's connection URI, as the provider takes it; without it nothing is cleared
 */
export function clearsOrphans(
  resource: string,
  uri: string | undefined,
): pulumi.ResourceHookBinding | undefined {
  if (uri === undefined) return undefined;
  const program = pulumi.runtime.getStackResource();
  if (program === undefined) return hooks(resource, uri); // a component for another language
  const ours = shared.get(program) ?? new Map<string, pulumi.ResourceHookBinding>();
  const found = ours.get(uri) ?? hooks(resource, uri);
  shared.set(program, ours.set(uri, found));
  return found;
}

function hooks(name: string, uri: string): pulumi.ResourceHookBinding {
  return {
    beforeCreate: [new pulumi.ResourceHook(`clear-before-${name}`, (args) => clear(args, uri))],
    onError: [
      new pulumi.ErrorHook(`clear-after-${name}`, async (args) => {
        if (args.failedOperation === "create") await clear(args, uri);
        return false;
      }),
    ],
  };
}

async function clear(args: Pick<pulumi.ResourceHookArgs, "type" | "newInputs">, uri: string): Promise<void> {
  const words = WORDS[args.type.split(":").at(-1) ?? ""];
  const inputs = (args.newInputs ?? {}) as Record<string, unknown>;
  const [name, pool] = [text(inputs["name"]), text(inputs["pool"])];
  if (words === undefined || !LIBVIRT_NAME.test(name)) return;
  const put = (line: string[]): string[] =>
    line.map((word) => (word === "NAME" ? name : word === "POOL" ? pool : word));
  if ((await virsh(uri, put(words.ask))).end !== "done") return;
  for (const line of words.end) await virsh(uri, put(line)); // each may be gone already
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
