/**
 * Clears away what a failed or killed create left in libvirt.
 *
 * The provider defines a domain, then starts it; when the start fails, the definition stays behind but not in the
 * state, and the next `up` ends with "already exists" (dmacvicar/terraform-provider-libvirt#921). A hook looks before
 * each create and after each failed one. It touches only names that carry the lab's own random id.
 */
import * as pulumi from "@pulumi/pulumi";
import { LIBVIRT_NAME } from "./naming";
import { virsh } from "./virsh";

export type LibvirtThing = "domain" | "network" | "pool" | "volume";

/** virsh's words: how to ask for a thing, and how to end it. `NAME` and `POOL` are put in. */
const WORDS: Record<LibvirtThing, { ask: string[]; end: string[][] }> = {
  domain: {
    ask: ["domstate", "NAME"],
    end: [
      ["destroy", "NAME"],
      ["undefine", "NAME", "--managed-save", "--snapshots-metadata"],
    ],
  },
  network: {
    ask: ["net-info", "NAME"],
    end: [
      ["net-destroy", "NAME"],
      ["net-undefine", "NAME"],
    ],
  },
  pool: {
    ask: ["pool-info", "NAME"],
    end: [
      ["pool-destroy", "NAME"],
      ["pool-undefine", "NAME"],
    ],
  },
  volume: { ask: ["vol-info", "--pool", "POOL", "NAME"], end: [["vol-delete", "--pool", "POOL", "NAME"]] },
};

/** No call to libvirt takes longer, even under emulation on a busy machine. */
const LIMIT_MS = 30_000;

/**
 * Hooks for a libvirt resource that clear a namesake away before it is created and after its creation failed.
 *
 * @param uri the hypervisor's connection URI, as the provider takes it; without it nothing is cleared
 */
export function clearsOrphans(
  thing: LibvirtThing,
  resource: string,
  uri: string | undefined,
): pulumi.ResourceHookBinding | undefined {
  if (uri === undefined) return undefined;
  const clear = (inputs: Record<string, unknown> = {}): Promise<void> =>
    clearThing(thing, uri, text(inputs["name"]), text(inputs["pool"]));
  return {
    beforeCreate: [(args) => clear(args.newInputs as Record<string, unknown> | undefined)],
    onError: [
      new pulumi.ErrorHook(`clear-${thing}-${resource}`, async (args) => {
        if (args.failedOperation === "create")
          await clear(args.newInputs as Record<string, unknown> | undefined);
        return false;
      }),
    ],
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

async function clearThing(thing: LibvirtThing, uri: string, name: string, pool: string): Promise<void> {
  if (!LIBVIRT_NAME.test(name)) return;
  const put = (words: string[]): string[] =>
    words.map((w) => (w === "NAME" ? name : w === "POOL" ? pool : w));
  if (!(await did(uri, put(WORDS[thing].ask)))) return;
  for (const words of WORDS[thing].end) await did(uri, put(words));
}

/** True when virsh did it; false when it could not, or when there is no virsh here. */
async function did(uri: string, words: string[]): Promise<boolean> {
  return (await virsh(uri, words, LIMIT_MS)).end === "done";
}
