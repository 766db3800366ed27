/** How verify reaches hosts, which it does not do itself. The CLI implements it over SSH (cli/access/ask.ts). */

/** What a command on a host printed, and its exit code (124: it did not end in time); or why the host cannot be reached. */
export type Answer = { code: number; stdout: string; stderr: string } | { silent: string };

interface AskOptions {
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
  /** Processors of the machine that asks, which also runs most labs' machines: they limit what runs at once. */
  cores: number;
  /** Milliseconds since some moment. */
  now(): number;
  pause(ms: number): Promise<void>;
}
