/** How the toolchain tells what it does: the CLI draws it, tests collect it. */
export interface Reporter {
  /** Something that may take long: `say` refines what is shown while it runs. */
  step<T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T>;
  line(text: string): void;
}

/** A thing the machine or the user must change; the text says what and how. */
export class Missing extends Error {}
