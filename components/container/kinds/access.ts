/**
 * How a container of one kind is entered and looked at on its host. Pure: words for a shell, nothing runs here.
 *
 * Beside each kind's object is `probe.sh` with two functions for the host: `KIND_list KIND/NAME…` prints every container of the
 * kind, also of nobody's (the words are the lab's own containers), `KIND_state NAME` prints state and pid
 * of one of the lab's, nothing where it does not exist.
 */
export interface ContainerAccess {
  /** As people write it. */
  title: string;
  /** What the runtime calls the lab's container NAME. */
  runtimeName(name: string): string;
  /**
   * Program and arguments that run a command in it.
   *
   * @param terminal `-t`, or nothing
   */
  exec(name: string, command: readonly string[], terminal: readonly string[]): string[];
}
