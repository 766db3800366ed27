/** Progress messages: the CLI draws them, tests collect them. */
export interface Reporter {
  /** Something that may take long: `say` refines what is shown while it runs. */
  step<T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T>;
  line(text: string): void;
}

/** For a script of its own, beside the CLI. */
export const onStderr: Reporter = {
  line: (text) => console.error(text),
  step: (title, work) => (console.error(`${title} …`), work(() => undefined)),
};

/** The end of such a script: of an error its message, and code 1. */
export function conclude(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}

/** A thing the machine or the user must change; the text says what and how. */
export class Missing extends Error {}
