// Cases of the random plugin's contract.
import type { Props } from "./driver";
import { secret, unknown } from "./values";

type Type = "RandomBytes" | "RandomId" | "RandomInteger" | "RandomPassword" | "RandomString" | "RandomUuid";
export const urn = (t: string): string =>
  `urn:pulumi:s::p::random:index/${t.charAt(0).toLowerCase()}${t.slice(1)}:${t}::x`;

const text: Props = {
  lower: true,
  upper: true,
  special: true,
  numeric: true,
  number: true,
  minLower: 0,
  minUpper: 0,
  minNumeric: 0,
  minSpecial: 0,
};

interface Case {
  type: Type;
  name: string;
  inputs: Props;
  /** Inputs and defaults, as the state has them. */
  known: Props;
  /** The outputs, secrets unwrapped. */
  outputs: { [name: string]: RegExp | number };
  id: RegExp;
}

export const cases: Case[] = [
  {
    type: "RandomBytes",
    name: "32 bytes",
    inputs: { length: 32 },
    known: { length: 32 },
    outputs: { base64: /^[\w+/]{43}=$/, hex: /^[0-9a-f]{64}$/ },
    id: /^[\w+/]{43}=$/,
  },
  {
    type: "RandomBytes",
    name: "keepers",
    inputs: { length: 1, keepers: { n: 1, b: true } },
    known: { length: 1, keepers: { n: "1", b: "true" } },
    outputs: { base64: /^[\w+/]{2}==$/, hex: /^[0-9a-f]{2}$/ },
    id: /^[\w+/]{2}==$/,
  },
  {
    type: "RandomId",
    name: "with a prefix",
    inputs: { byteLength: 3, prefix: "p-" },
    known: { byteLength: 3, prefix: "p-" },
    outputs: {
      b64Std: /^p-[\w+/]{4}$/,
      b64Url: /^p-[\w-]{4}$/,
      dec: /^p-\d+$/,
      hex: /^p-[0-9a-f]{6}$/,
      id: /^[\w-]{4}$/,
    },
    id: /^[\w-]{4}$/,
  },
  {
    type: "RandomString",
    name: "with all defaults",
    inputs: { length: 64 },
    known: { ...text, length: 64 },
    outputs: { result: /^[\w!@#$%&*()\-=+[\]{}<>:?]{64}$/, id: /^.{64}$/ },
    id: /^.{64}$/,
  },
  {
    type: "RandomString",
    name: "lower case and digits, with minima",
    inputs: { length: 8, special: false, upper: false, minLower: 3, minNumeric: 5 },
    known: { ...text, length: 8, special: false, upper: false, minLower: 3, minNumeric: 5 },
    outputs: { result: /^(?=(?:\d*[a-z]){3}\d*$)[a-z0-9]{8}$/, id: /^[a-z0-9]{8}$/ },
    id: /^[a-z0-9]{8}$/,
  },
  {
    type: "RandomString",
    name: "own special characters, `number` for `numeric`",
    inputs: { length: 9, number: false, lower: false, upper: false, overrideSpecial: "_-" },
    known: {
      ...text,
      length: 9,
      number: false,
      numeric: false,
      lower: false,
      upper: false,
      overrideSpecial: "_-",
    },
    outputs: { result: /^[_-]{9}$/, id: /^[_-]{9}$/ },
    id: /^[_-]{9}$/,
  },
  {
    type: "RandomPassword",
    name: "a password",
    inputs: { length: 12 },
    known: { ...text, length: 12 },
    outputs: { result: /^.{12}$/, id: /^none$/, bcryptHash: /^\$2a\$10\$[./\w]{53}$/ },
    id: /^none$/,
  },
  {
    type: "RandomInteger",
    name: "of a range",
    inputs: { min: -3, max: 3 },
    known: { min: -3, max: 3 },
    outputs: { id: /^-?[0-3]$/ },
    id: /^-?[0-3]$/,
  },
  {
    type: "RandomInteger",
    name: "of one",
    inputs: { min: -5, max: -5 },
    known: { min: -5, max: -5 },
    outputs: { result: -5, id: /^-5$/ },
    id: /^-5$/,
  },
  {
    type: "RandomUuid",
    name: "a UUID",
    inputs: { keepers: { a: "b" } },
    known: { keepers: { a: "b" } },
    outputs: { result: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, id: /^[0-9a-f-]{36}$/ },
    id: /^[0-9a-f-]{36}$/,
  },
];

export const secretOutputs: { [type: string]: string[] } = {
  RandomBytes: ["base64", "hex"],
  RandomPassword: ["bcryptHash", "result"],
};

export const refused: [Type, Props, RegExp][] = [
  ["RandomBytes", {}, /^: Missing required property 'length'/],
  ["RandomInteger", { min: 1 }, /^: Missing required property 'max'/],
  [
    "RandomBytes",
    { length: 0 },
    /^: Invalid Attribute Value\. Attribute length value must be at least 1, got: 0\. Examine values at 'x\.length'\.$/,
  ],
  [
    "RandomString",
    { length: 2, minLower: 3 },
    /Attribute length value must be at least sum of min_upper \+ min_lower \+ min_numeric \+ min_special, got: 2/,
  ],
  [
    "RandomString",
    { length: 2, special: false, upper: false, lower: false, numeric: false },
    /At least one attribute out of \[special,upper,lower,numeric\] must be specified as true/,
  ],
];

interface DiffCase {
  type: Type;
  name: string;
  inputs: Props;
  news: Props;
  ignore?: string[];
  /** undefined: no change; []: a change that replaces nothing */
  replaces?: string[];
}
export const diffs: DiffCase[] = [
  { type: "RandomBytes", name: "no change", inputs: { length: 2 }, news: { length: 2 } },
  { type: "RandomBytes", name: "the same as text", inputs: { length: 2 }, news: { length: "2" } },
  { type: "RandomBytes", name: "length", inputs: { length: 2 }, news: { length: 3 }, replaces: ["length"] },
  {
    type: "RandomBytes",
    name: "new keepers",
    inputs: { length: 2 },
    news: { length: 2, keepers: { a: "1" } },
    replaces: ["keepers"],
  },
  {
    type: "RandomBytes",
    name: "new keepers, empty",
    inputs: { length: 2 },
    news: { length: 2, keepers: {} },
    replaces: ["keepers"],
  },
  {
    type: "RandomBytes",
    name: "unknown keepers",
    inputs: { length: 2 },
    news: { length: 2, keepers: { a: unknown } },
    replaces: ["keepers"],
  },
  {
    type: "RandomBytes",
    name: "ignored keepers",
    inputs: { length: 2 },
    news: { length: 2, keepers: { a: "1" } },
    ignore: ["keepers"],
  },
  {
    type: "RandomUuid",
    name: "changed keepers",
    inputs: { keepers: { a: "1" } },
    news: { keepers: { a: "2" } },
    replaces: ["keepers"],
  },
  {
    type: "RandomUuid",
    name: "keepers gone",
    inputs: { keepers: { a: "1" } },
    news: {},
    replaces: ["keepers"],
  },
  {
    type: "RandomUuid",
    name: "new keepers, empty: nothing is replaced",
    inputs: {},
    news: { keepers: {} },
    replaces: [],
  },
  {
    type: "RandomId",
    name: "prefix",
    inputs: { byteLength: 2 },
    news: { byteLength: 2, prefix: "q" },
    replaces: ["prefix"],
  },
  {
    type: "RandomString",
    name: "special",
    inputs: { length: 4 },
    news: { length: 4, special: false },
    replaces: ["special"],
  },
  {
    type: "RandomString",
    name: "a default written out",
    inputs: { length: 4 },
    news: { length: 4, special: true, minLower: 0 },
  },
  {
    type: "RandomInteger",
    name: "min",
    inputs: { min: 1, max: 2 },
    news: { min: 0, max: 2 },
    replaces: ["min"],
  },
];

interface ImportCase {
  type: Type;
  id: string;
  inputs: Props;
  state: Props;
}
const imported: Props = { lower: true, number: true, numeric: true, special: true, upper: true };
export const imports: ImportCase[] = [
  {
    type: "RandomBytes",
    id: "fE+J",
    inputs: { length: 3 },
    state: { base64: secret("fE+J"), hex: secret("7c4f89"), length: 3 },
  },
  {
    type: "RandomId",
    id: "p5-9-w",
    inputs: { byteLength: 4 },
    state: {
      id: "p5-9-w",
      b64Std: "p5+9+w==",
      b64Url: "p5-9-w",
      byteLength: 4,
      dec: "2812263931",
      hex: "a79fbdfb",
    },
  },
  {
    type: "RandomInteger",
    id: "15390,1,50000",
    inputs: { max: 50000, min: 1 },
    state: { id: "15390", max: 50000, min: 1, result: 15390 },
  },
  {
    type: "RandomString",
    id: "hello",
    inputs: { ...imported, length: 5 },
    state: { ...text, id: "hello", result: "hello", length: 5 },
  },
  {
    type: "RandomPassword",
    id: "hello",
    inputs: { ...imported, length: 5 },
    state: { ...text, id: "none", result: secret("hello"), length: 5 },
  },
  {
    type: "RandomUuid",
    id: "827d0b34-00cc-b03d-d29b-542f354122cb",
    inputs: {},
    state: { result: "827d0b34-00cc-b03d-d29b-542f354122cb" },
  },
];
