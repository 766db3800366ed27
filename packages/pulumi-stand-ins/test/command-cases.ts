// Cases of the command plugin's contract: inputs, and the results of Check, Diff and previews.
import type { Props } from "./driver";
import { secret, unknown } from "./values";

export const remote = "urn:pulumi:s::p::command:remote:Command::x";
export const local = "urn:pulumi:s::p::vxlab:index:Host$command:local:Command::x::y";
const minimal = { dialErrorLimit: 10, host: "h", perDialTimeout: 15, port: 22, user: "root" };

interface CheckCase {
  name: string;
  urn?: string;
  news: Props;
  inputs?: Props;
  failures?: string[];
}

export const checks: CheckCase[] = [
  {
    name: "fills in the connection's defaults and makes it a secret",
    news: { connection: { host: "h" } },
    inputs: { connection: secret(minimal) },
  },
  {
    name: "does the same for the proxy, and marks the passwords",
    news: { connection: { host: "h", password: secret("y"), proxy: { host: "q", privateKey: "z" } } },
    inputs: {
      connection: secret({
        ...minimal,
        password: secret("y"),
        proxy: { ...minimal, host: "q", privateKey: secret("z") },
      }),
    },
  },
  {
    name: "keeps unknown values unknown",
    news: { connection: { host: unknown }, create: unknown, triggers: unknown, environment: { A: unknown } },
    inputs: {
      connection: secret({ ...minimal, host: "?" }),
      create: "?",
      triggers: "?",
      environment: { A: "?" },
    },
  },
  {
    name: "keeps a connection that is unknown as a whole, as a secret",
    news: { connection: unknown, create: "x" },
    inputs: { connection: secret("?"), create: "x" },
  },
  {
    name: "keeps secrets and null among the triggers",
    news: {
      connection: { host: "h" },
      create: secret("x"),
      triggers: [1, secret("a"), { a: 1 }, null],
      environment: {},
    },
    inputs: {
      connection: secret(minimal),
      create: secret("x"),
      triggers: [1, secret("a"), { a: 1 }, null],
      environment: {},
    },
  },
  {
    name: "asks for the connection",
    news: {},
    failures: ["connection: Missing required field 'connection' on 'remote.CommandInputs'"],
  },
  {
    name: "asks for the host",
    news: { connection: { user: "u" } },
    failures: [
      "connection: An error occurred decoding 'CommandInputs.connection': 1 failures decoding:\n" +
        "\thost: Missing required field 'host' on 'remote.Connection'",
    ],
  },
  {
    name: "refuses wrong types and unknown names, all at once",
    news: {
      connection: { host: "h" },
      create: 5,
      bar: 2,
      environment: { A: 1 },
      addPreviousOutputInEnv: "true",
    },
    failures: [
      "addPreviousOutputInEnv: Field 'addPreviousOutputInEnv' on 'remote.CommandInputs' must be a 'bool'; got 'string' instead",
      "bar: Unrecognized field 'bar' on 'remote.CommandInputs'",
      "create: Field 'create' on 'remote.CommandInputs' must be a 'string'; got 'float64' instead",
      "environment[A] value: Field 'environment[A] value' on 'remote.CommandInputs' must be a 'string'; got 'float64' instead",
    ],
  },
  {
    name: "refuses wrong types and unknown names in the connection",
    news: { connection: { host: 3, foo: 1, port: "22" } },
    failures: [
      "connection: An error occurred decoding 'CommandInputs.connection': 3 failures decoding:\n" +
        "\thost: Field 'host' on 'remote.Connection' must be a 'string'; got 'float64' instead\n" +
        "\tport: Field 'port' on 'remote.Connection' must be a 'float64'; got 'string' instead\n" +
        "\tfoo: Unrecognized field 'foo' on 'remote.Connection'",
    ],
  },
  {
    name: "knows the local command's own inputs",
    urn: local,
    news: {
      create: "x",
      environment: { A: "b" },
      interpreter: ["/bin/bash", "-c"],
      dir: "/",
      assetPaths: ["*"],
    },
    inputs: {
      create: "x",
      environment: { A: "b" },
      interpreter: ["/bin/bash", "-c"],
      dir: "/",
      assetPaths: ["*"],
    },
  },
  {
    name: "has no connection for the local command",
    urn: local,
    news: { connection: {} },
    failures: ["connection: Unrecognized field 'connection' on 'local.CommandInputs'"],
  },
];

export const connection = secret(minimal);
export const before: Props = { connection, create: "a", triggers: [1, 2] };
const after: Props = {
  connection: secret({ ...minimal, host: "i" }),
  create: "b",
  triggers: [1, 3, 4],
  stdin: "x",
};
const withoutTriggers: Props = { connection, create: "a" };

interface DiffCase {
  name: string;
  olds: Props;
  news: Props;
  ignore?: string[];
  /** path → kind (PropertyDiff.Kind) */
  changes: { [path: string]: number };
  replaces?: string[];
}
const [add, addReplace, remove, removeReplace, update] = [0, 1, 2, 3, 4];

export const diffs: DiffCase[] = [
  { name: "no change", olds: before, news: before, changes: {} },
  {
    name: "changes inside triggers are updates: the SDKs ask for the replacement (replaceOnChanges)",
    olds: before,
    news: after,
    changes: { connection: update, create: update, stdin: add, "triggers[1]": update, "triggers[2]": add },
  },
  {
    name: "what is gone is deleted",
    olds: after,
    news: before,
    changes: {
      connection: update,
      create: update,
      stdin: remove,
      "triggers[1]": update,
      "triggers[2]": remove,
    },
  },
  {
    name: "new triggers replace",
    olds: withoutTriggers,
    news: before,
    changes: { triggers: addReplace },
    replaces: ["triggers"],
  },
  {
    name: "triggers that go replace",
    olds: before,
    news: withoutTriggers,
    changes: { triggers: removeReplace },
    replaces: ["triggers"],
  },
  {
    name: "ignoreChanges",
    olds: before,
    news: after,
    ignore: ["create", "triggers", "connection"],
    changes: { stdin: add },
  },
  {
    name: "an unknown value is a change",
    olds: before,
    news: { ...before, create: unknown },
    changes: { create: update },
  },
  {
    name: "names that are no identifiers are quoted",
    olds: { ...before, environment: { "A.B": "1", C: "1" } },
    news: { ...before, environment: { "A.B": "2", C: "2" } },
    changes: { 'environment["A.B"]': update, "environment.C": update },
  },
  {
    name: "a value that becomes a secret is a change",
    olds: before,
    news: { ...before, create: secret("a") },
    changes: { create: update },
  },
];

interface PreviewCase {
  name: string;
  state?: Props;
  news: Props;
  result: Props;
}
const ran = { stdout: "so", stderr: "se" };
export const previews: PreviewCase[] = [
  { name: "create: outputs are unknown", news: after, result: { ...after, stdout: "?", stderr: "?" } },
  {
    name: "create: secrets stay secret",
    news: { connection, create: secret("x"), stdin: "y" },
    result: { connection, create: secret("x"), stdin: "y", stdout: "?", stderr: "?" },
  },
  {
    name: "update without a change: outputs are kept",
    state: { ...before, ...ran },
    news: before,
    result: { ...before, ...ran },
  },
  {
    name: "update: outputs are unknown",
    state: { ...before, ...ran },
    news: after,
    result: { ...after, stdout: "?", stderr: "?" },
  },
  {
    name: "update: an input that is new leaves the outputs known",
    state: { ...withoutTriggers, ...ran },
    news: before,
    result: { ...before, ...ran },
  },
];
