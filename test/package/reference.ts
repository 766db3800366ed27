/** docs/reference.md, made of what TypeDoc reads in the docstrings: each component with an example, its arguments and outputs. */

/** The parts of TypeDoc's JSON that are used here. */
export interface Reflection {
  name: string;
  kind: number;
  flags: { isOptional?: boolean };
  comment?: { summary: Words; blockTags?: { tag: string; content: Words }[] };
  children?: Reflection[];
  signatures?: { parameters?: { name: string; type: Type }[] }[];
  extendedTypes?: { name?: string }[];
  type?: Type;
}

type Words = { text: string }[];

interface Type {
  type: string;
  name?: string;
  value?: unknown;
  elementType?: Type;
  types?: Type[];
  typeArguments?: Type[];
}

const CLASS = 128;
const INTERFACE = 256;
const PROPERTY = 1024;

/** What the examples take as given: pack.test.ts declares it before it compiles them. */
const GIVEN = "`kvm1` and `kvm2` are a `KvmHost`, and `bridge` is the output of an `OvsBridge` on `kvm1`";

export function referencePage({ children = [] }: Reflection): string {
  const components = children.filter(isComponent).sort((one, other) => place(one) - place(other));
  const own = new Set(components.map(argumentsOf));
  const rest = children.filter(
    ({ kind, name }) => kind === INTERFACE && /Args$/.test(name) && !own.has(name),
  );
  const named = (name: string | undefined) => children.find((one) => one.name === name);
  return [
    "# Reference",
    "",
    "Made of the docstrings (CONTRIBUTING.md). [components.md](components.md) shows how the components fit together, and",
    "`npm run docs` makes HTML with all types, functions and enums in `.vxlab/api`.\n",
    `In the examples, ${GIVEN}.`,
    "`await` needs an asynchronous program: `export = async () => { … }`. Every argument may be an output unless its type says",
    "`plain`.\n",
    ...components.flatMap((one) => [
      `## ${one.name}\n`,
      `${summary(one)}\n`,
      `${example(one, children)}\n`,
      `${table("argument", named(argumentsOf(one)))}\n`,
      `${table("output", one)}\n`,
    ]),
    "## Nested arguments\n",
    ...rest.flatMap((one) => [`### ${one.name}\n`, `${summary(one)}\n`, `${table("argument", one)}\n`]),
  ].join("\n");
}

/** Compositions first, then the rest as TypeDoc has them. */
const place = ({ name }: Reflection): number => {
  const first = ["VxlanLab", "VxlanUnderlay", "VxlanOverlay"].indexOf(name);
  return first < 0 ? Number.MAX_SAFE_INTEGER : first;
};

const isComponent = ({ kind, extendedTypes = [] }: Reflection): boolean =>
  kind === CLASS && extendedTypes.some(({ name }) => name === "ComponentResource");

function argumentsOf({ children = [] }: Reflection): string | undefined {
  const [signature] = children.find(({ name }) => name === "constructor")?.signatures ?? [];
  return signature?.parameters?.find(({ name }) => name === "args")?.type.name;
}

const text = (words: Words = []): string => words.map((one) => one.text).join("");
const oneLine = (words: string): string => words.replace(/\s+/g, " ").trim();
const cell = (words: string): string => oneLine(words).replaceAll("|", "\\|");

const tag = ({ comment }: Reflection, name: string): string =>
  text(comment?.blockTags?.find((one) => one.tag === name)?.content);

function summary(one: Reflection): string {
  const words = oneLine(text(one.comment?.summary));
  if (words === "") throw new Error(`${one.name} has no docstring`);
  return words;
}

/** With the line that imports what it uses of the package. */
function example(one: Reflection, exported: Reflection[]): string {
  const [, code = ""] = /```ts\n([^]*?)\n```/.exec(tag(one, "@example")) ?? [];
  if (code === "") throw new Error(`${one.name} has no example`);
  const used = exported
    .map(({ name }) => name)
    .filter((name) => new RegExp(`(?<![\\w."])${name}\\(`).test(code));
  return ["```ts", `import { ${used.sort().join(", ")} } from "vxlab";\n`, code, "```"].join("\n");
}

function table(what: "argument" | "output", of: Reflection | undefined): string {
  const rows = (of?.children ?? []).filter(({ kind }) => kind === PROPERTY).map((one) => row(what, one));
  const last = what === "argument" ? ["default"] : [];
  return [[what, "type", "what", ...last], Array<string>(3 + last.length).fill("---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function row(what: "argument" | "output", one: Reflection): string[] {
  const usual = tag(one, "@default").replace(/^```ts\n([^]*)\n```$/, "$1");
  const type = written(one.type);
  const plain = what === "argument" && one.type?.name !== "Input" ? `plain ${type}` : type;
  const facts = [`\`${one.name}\``, `\`${cell(plain)}\``, cell(summary(one))];
  if (what === "output") return facts;
  return [...facts, one.flags.isOptional === true ? cell(usual === "" ? "none" : usual) : "required"];
}

/** A type without Pulumi's wrappers. */
function written(type: Type | undefined): string {
  const { type: form, name = "", value, elementType, types = [], typeArguments = [] } = type ?? { type: "" };
  if (/^(Input|Output)$/.test(name)) return written(typeArguments[0]);
  if (form === "array") return `${written(elementType)}[]`;
  if (form === "union") return types.map(written).join(" | ");
  if (form === "literal") return JSON.stringify(value);
  if (form === "reflection") return "object";
  return typeArguments.length > 0 ? `${name}<${typeArguments.map(written).join(", ")}>` : name;
}
