/**
 * What differs between kinds of containers. Pure: it returns commands, and runs none. The word of a kind in the settings is the name of its
 * folder, and begins the names of its shell functions (guest.sh).
 *
 * Two functions in `guest.sh` are not part of the guest tools: verify sends them to hosts (`probesOf`). `KIND_list KIND/NAME…` prints
 * KIND NAME STATE PID of every container of the kind, foreign ones too (the words are the lab's own containers); `KIND_state NAME`
 * reads these lines and prints state and pid of one of the lab's, nothing where it does not exist.
 */
import type { Findings } from "../../../plan/findings";
import type { At } from "../../../plan/values";
import type { HostNeed } from "../../host/spec";
import type { ImageKind } from "../../image/spec";
import type { KindSettings } from "./spec";

export interface KindInput {
  spec: KindSettings & { readonly host: string };
  at: At;
  /** Image of the container's host; undefined: not a machine of this lab. */
  image: ImageKind | undefined;
}

export interface Kind {
  /** The kind's name in texts, such as Docker. */
  readonly title: string;
  /** Class of its component. */
  readonly component: string;
  /** Scripts of the guest tools, in its folder. */
  readonly scripts: readonly string[];
  /** First process; empty: the image's own. */
  readonly command: readonly string[];
  /** Its settings that not every kind has. */
  readonly settings: readonly (keyof KindSettings)[];
  /** Why the settings of other kinds have no effect. */
  readonly limit: string;
  /** The setting that names a file, and what the file holds. */
  readonly file?: { key: keyof KindSettings; holds: string };
  /** True if files written in it are kept when it restarts with another command or interface. */
  readonly keepsRoot: boolean;
  /** What a host must have for it. @default nothing beyond bridges, unicast tunnels and LXC */
  readonly need?: HostNeed;
  /** Its part of the plan. Undefined after a problem was reported that no default replaces. */
  resolve(input: KindInput, said: Findings): KindSettings | undefined;
  /** Fields that only this kind's desired state has. */
  state(settings: KindSettings): Readonly<Record<string, unknown>>;
  /** What the runtime calls the lab's container NAME. */
  runtimeName(name: string): string;
  /**
   * Program and arguments that run a command in it.
   *
   * @param terminal `-t`, or nothing
   */
  exec(name: string, command: readonly string[], terminal: readonly string[]): string[];
  /** A shell that is in every container of the kind, whatever its image holds. */
  readonly shell: readonly string[];
  /** Program and arguments on the host that stop it; its step starts it again. */
  stop(name: string): string[];
  /** Program and arguments on the host that print the number of its first process. */
  pid(name: string): string[];
  /**
   * Program and arguments on the host that print what its command has written.
   *
   * @param lines only the last ones; undefined: all
   * @param follow continue with new output
   */
  logs(name: string, lines: number | undefined, follow: boolean): string[];
}
