// What command:remote:Command and command:local:Command share: inputs, diffs, and which command runs when.
import { randomBytes } from "node:crypto";
import { diff } from "../lib/diff";
import type { Context, DiffResult, Failure, Resource } from "../lib/provider";
import type { ObjectSpec, Problem, Schema } from "../lib/schema";
import { equal, containsUnknown, reveal, unknown } from "../lib/value";
import type { Props, Value } from "../lib/value";

export interface Outputs {
  stdout: string;
  stderr: string;
}

/** Runs a command. `previous` is the last command's output. Returns the output, and assets if there are any. */
export type Runner = (
  command: string,
  inputs: Props,
  previous: Outputs,
  context: Context,
) => Promise<Outputs & { assets?: Props; archive?: Value }>;

const results = ["stdout", "stderr", "assets", "archive"];

export class Command implements Resource {
  private readonly inputs: ObjectSpec;

  constructor(
    private readonly schema: Schema,
    /** "remote" or "local" */
    private readonly module: string,
    private readonly run: Runner,
  ) {
    this.inputs = schema.inputs(`command:${module}:Command`) ?? {};
  }

  check(news: Props): { inputs: Props; failures: Failure[] } {
    const { value, problems } = this.schema.check(this.inputs, news);
    return { inputs: value, failures: failures(problems, `${this.module}.CommandInputs`) };
  }

  /** Replaces only if `triggers` as a whole is added or removed; the SDKs set replaceOnChanges for triggers[*]. */
  diff(state: Props, oldInputs: Props, news: Props, ignore: readonly string[]): DiffResult {
    const kept = withoutInternal(withIgnored(news, state, ignore));
    const changes = diff(withoutInternal(oldInputs), kept);
    const replaces = new Set([...changes.keys()].filter((path) => path === "triggers"));
    return { changes, replaces, hasChanges: changes.size > 0, detailed: true };
  }

  async create(inputs: Props, context: Context): Promise<{ id: string; state: Props }> {
    this.refuse(inputs, "invalid inputs: ");
    const id = context.name + randomBytes(4).toString("hex");
    if (context.preview) return { id, state: { ...inputs, stdout: unknown, stderr: unknown } };
    const nothing = { stdout: "", stderr: "" };
    const command = text(inputs.create);
    const outputs = command === undefined ? nothing : await this.run(command, inputs, nothing, context);
    return { id, state: { ...inputs, ...outputs } };
  }

  async update(state: Props, inputs: Props, ignore: readonly string[], context: Context): Promise<Props> {
    const news = withIgnored(inputs, state, ignore);
    this.refuse(news, "");
    const before = pick(state, results);
    if (context.preview)
      return { ...news, ...(changed(this.inputs, state, news) ? allUnknown(before) : before) };
    const command = text(news.update) ?? text(news.create);
    if (command === undefined) return { ...news, ...before };
    return { ...news, ...before, ...(await this.run(command, news, previous(state), context)) };
  }

  async delete(state: Props, context: Context): Promise<void> {
    const command = text(state.delete);
    if (command !== undefined) await this.run(command, state, previous(state), context);
  }

  /** Returns the state unchanged: a command's effect cannot be read back. */
  read(id: string, state: Props, inputs: Props): { id: string; state: Props; inputs: Props } {
    return { id, state, inputs };
  }

  private refuse(inputs: Props, prefix: string): void {
    const problems = this.schema.problems(this.inputs, inputs);
    if (problems.length > 0) throw new Error(prefix + decoding(problems, `${this.module}.CommandInputs`));
  }
}

function text(v: Value | undefined): string | undefined {
  const bare = v === undefined ? null : reveal(v);
  return typeof bare === "string" ? bare : undefined;
}

function previous(state: Props): Outputs {
  return { stdout: text(state.stdout) ?? "", stderr: text(state.stderr) ?? "" };
}

function pick(p: Props, names: readonly string[]): Props {
  return Object.fromEntries(names.flatMap((n) => (p[n] === undefined ? [] : [[n, p[n]]])));
}

function allUnknown(p: Props): Props {
  return Object.fromEntries(Object.keys(p).map((k) => [k, unknown]));
}

/** True if outputs may change: an existing input has changed or is unknown. A new input does not count. */
function changed(spec: ObjectSpec, state: Props, news: Props): boolean {
  return Object.keys(spec.properties ?? {}).some((name) => {
    if (containsUnknownAtTop(news[name])) return true;
    return state[name] !== undefined && !equal(state[name], news[name]);
  });
}

function containsUnknownAtTop(v: Value | undefined): boolean {
  return v !== undefined && !Array.isArray(v) && containsUnknown(v);
}

export function withIgnored(news: Props, state: Props, ignore: readonly string[]): Props {
  return { ...news, ...pick(state, ignore) };
}

export function withoutInternal(p: Props): Props {
  return Object.fromEntries(Object.entries(p).filter(([k]) => k !== "version" && !k.startsWith("__")));
}

// The error texts of pulumi-go-provider's decoder, which the vendor's plugin uses.
export function failures(problems: readonly Problem[], type: string): Failure[] {
  return problems.map((p) => ({ property: p.property, reason: reason(p, type) }));
}

function reason(p: Problem, type: string): string {
  switch (p.kind) {
    case "missing":
      return `Missing required field '${p.property}' on '${type}'`;
    case "unrecognized":
      return `Unrecognized field '${p.property}' on '${type}'`;
    case "type":
      return `Field '${p.property}' on '${type}' must be a '${p.want ?? ""}'; got '${p.got ?? ""}' instead`;
    case "nested": {
      const [owner, inner] = [type.split(".").pop() ?? "", (p.type ?? "").split(":").slice(1).join(".")];
      return `An error occurred decoding '${owner}.${p.property}': ${decoding(p.inner ?? [], inner)}`;
    }
  }
}

function decoding(problems: readonly Problem[], type: string): string {
  const lines = problems.map((p) => `\t${p.property}: ${reason(p, type)}`);
  return `${String(problems.length)} failures decoding:\n${lines.join("\n")}`;
}
