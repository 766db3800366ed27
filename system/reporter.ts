/** Progress messages: the CLI draws them, tests collect them. */
export interface Reporter {
  /** A step that may take long: `say` shows a detail while it runs. */
  step<T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T>;
  line(text: string): void;
}

/** For scripts beside the CLI. */
export const onStderr: Reporter = {
  line: (text) => console.error(text),
  step: (title, work) => (console.error(`${title} …`), work(() => undefined)),
};

/** Ends such a script: prints an error's message, and sets exit code 1. */
export function conclude(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}

/** Something that the user must change on the machine; the message says what and how. */
export class Missing extends Error {}
