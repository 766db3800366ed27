/** The way to a lab's hosts: the only thing that verify does not do itself. The CLI's SSH is one (cli/access/ask.ts). */

/** What a command on a host printed, and its exit code: 124 when it did not end in time. Or why the host cannot be asked at all. */
export type Answer = { code: number; stdout: string; stderr: string } | { silent: string };

export interface AskOptions {
  /** Longest time of the command, ms. */
  limit: number;
  /** Its standard input. @default nothing */
  stdin?: string;
}

/** A command that runs until it is told to end. */
export interface Recording {
  /** What it has printed so far. */
  text(): string;
  end(): void;
}

export interface Ask {
  /** Runs a command line by the shell of a host. */
  ask(host: string, command: string, options: AskOptions): Promise<Answer>;
  /**
   * Starts a command and waits until it has begun: until its standard error has the word `ready`, or it has ended, or some seconds
   * are over. Undefined: the host cannot be asked.
   */
  record(host: string, command: string, ready: string): Promise<Recording | undefined>;
  /** Of the machine that asks, and of those that run on it: how much at once does not end in waiting. */
  cores: number;
  /** Milliseconds since some moment. */
  now(): number;
  pause(ms: number): Promise<void>;
}
