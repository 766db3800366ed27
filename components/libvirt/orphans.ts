/**
 * Removes what a failed or killed create left in libvirt.
 *
 * The provider defines a domain, then starts it; when the start fails, the definition stays behind but not in the state, and the next `up`
 * ends with "already exists" (dmacvicar/terraform-provider-libvirt#921). A hook runs before each create and after each failed one. It
 * touches only names that carry the lab's own random id.
 */
import * as pulumi from "@pulumi/pulumi";
import { LIBVIRT_NAME } from "../naming";
import { undefineWords, virsh } from "./virsh";
import type { Answer, Options } from "./virsh";

/** virsh's commands to find a thing and to remove it. `NAME` and `POOL` are replaced. */
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

/**
 * What libvirt had when a program first asked: one list for all machines, networks and pools, and one for each pool's volumes. Asking for
 * each name before its create would take a virsh for each, one after the other.
 */
class Survey {
  private readonly lists = new Map<string, Promise<Answer>>();

  constructor(private readonly uri: string) {}

  things(options?: Options): Promise<Answer> {
    return this.list("", ["pool-list --all --name; net-list --all --name; list --all --name"], options);
  }

  /** False when libvirt certainly had no such thing. */
  async mayHave(name: string, pool: string): Promise<boolean> {
    const { end, stdout } = await (pool === ""
      ? this.things()
      : this.list(pool, ["vol-list", "--pool", pool]));
    return end !== "done" || stdout.split(/\s+/).includes(name);
  }

  private list(key: string, words: string[], options?: Options): Promise<Answer> {
    const known = this.lists.get(key) ?? virsh(this.uri, words, options);
    this.lists.set(key, known);
    return known;
  }
}

interface Known {
  survey: Survey;
  /** One set for each hypervisor of a program: each hook costs a request to the engine. */
  hooks?: pulumi.ResourceHookBinding;
}

const shared = new WeakMap<pulumi.Resource, Map<string, Known>>();

function knownOf(uri: string): Known {
  const program = pulumi.runtime.getStackResource();
  if (program === undefined) return { survey: new Survey(uri) }; // a component for another language
  const ours = shared.get(program) ?? new Map<string, Known>();
  const known = ours.get(uri) ?? { survey: new Survey(uri) };
  shared.set(program, ours.set(uri, known));
  return known;
}

/** Whether virsh can connect: its answer is the list of all machines, networks and pools, which hooks use later. */
export function surveyed(uri: string, options: Options): Promise<Answer> {
  return knownOf(uri).survey.things(options);
}

/**
 * Hooks for a libvirt resource that remove a leftover of the same name before it is created and after its creation failed.
 *
 * @param resource its name
 * @param uri the hypervisor's connection URI, as the provider takes it; without it nothing is removed
 */
export function clearsOrphans(
  resource: string,
  uri: string | undefined,
): pulumi.ResourceHookBinding | undefined {
  if (uri === undefined) return undefined;
  const known = knownOf(uri);
  return (known.hooks ??= hooks(resource, uri, known.survey));
}

function hooks(name: string, uri: string, survey: Survey): pulumi.ResourceHookBinding {
  return {
    beforeCreate: [new pulumi.ResourceHook(`clear-before-${name}`, (args) => clear(args, uri, survey))],
    onError: [
      new pulumi.ErrorHook(`clear-after-${name}`, async (args) => {
        if (args.failedOperation === "create") await clear(args, uri);
        return false;
      }),
    ],
  };
}

type Create = Pick<pulumi.ResourceHookArgs, "type" | "newInputs">;

/** @param survey from before the create. @default libvirt is asked */
async function clear(args: Create, uri: string, survey?: Survey): Promise<void> {
  const words = WORDS[args.type.split(":").at(-1) ?? ""];
  const inputs = (args.newInputs ?? {}) as Record<string, unknown>;
  const [name, pool] = [text(inputs["name"]), text(inputs["pool"])];
  if (words === undefined || !LIBVIRT_NAME.test(name)) return;
  if (survey !== undefined && !(await survey.mayHave(name, pool))) return;
  const put = (line: string[]): string[] =>
    line.map((word) => (word === "NAME" ? name : word === "POOL" ? pool : word));
  if ((await virsh(uri, put(words.ask))).end !== "done") return;
  for (const line of words.end) await virsh(uri, put(line)); // each may be gone already
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
