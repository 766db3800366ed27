// The resources of @pulumi/random: defaults, checks, creation, and how an import reads an id.
import {
  bytesMade,
  idMade,
  makeBytes,
  makeId,
  makeInteger,
  makePassword,
  makeString,
  makeUuid,
  passwordMade,
} from "./generate";
import type { Kind } from "./random";
import type { Schema } from "../lib/schema";
import { unsupported } from "../lib/errors";
import { asText, isUnknown } from "../lib/value";
import type { Props } from "../lib/value";

type Rules = Omit<Kind, "spec">;

const stringDefaults: Props = {
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
const minima = ["minUpper", "minLower", "minNumeric", "minSpecial"];
const uses = ["special", "upper", "lower", "numeric"];
/** The inputs that `pulumi import` stores for a string. */
const importedText: Props = { lower: true, number: true, numeric: true, special: true, upper: true };

const string: Rules = {
  outputs: ["id", "result"],
  defaults: stringDefaults,
  meta: "2",
  problems: textProblems,
  make: makeString,
  parse: (id) => ({
    inputs: { length: id.length, ...importedText },
    made: { id, outputs: { id, result: id } },
  }),
};

const rules: { [type: string]: Rules } = {
  "random:index/randomBytes:RandomBytes": {
    outputs: ["base64", "hex"],
    defaults: {},
    strictKeepers: true,
    problems: (p) => atLeastOne("length", p),
    make: makeBytes,
    parse: (id) => {
      const made = bytesMade(Buffer.from(id, "base64"));
      return { inputs: { length: Buffer.from(id, "base64").length }, made };
    },
  },
  "random:index/randomId:RandomId": {
    outputs: ["b64Std", "b64Url", "dec", "hex", "id"],
    defaults: {},
    problems: () => [],
    make: makeId,
    parse: (id) => {
      const [own = "", prefix] = id.split(",").reverse();
      const bytes = Buffer.from(own, "base64url");
      const inputs = { byteLength: bytes.length, ...(prefix === undefined ? {} : { prefix }) };
      return { inputs, made: idMade(bytes, prefix ?? "") };
    },
  },
  "random:index/randomInteger:RandomInteger": {
    outputs: ["id", "result"],
    defaults: {},
    problems: () => [],
    make: (p) => {
      if (p.seed !== undefined) throw unsupported("RandomInteger's `seed` (Go's own generator)", "random");
      return makeInteger(p);
    },
    parse: integerOf,
  },
  "random:index/randomString:RandomString": string,
  "random:index/randomPassword:RandomPassword": {
    ...string,
    outputs: ["bcryptHash", "id", "result"],
    meta: "3",
    make: makePassword,
    parse: (id) => ({ inputs: { length: id.length, ...importedText }, made: passwordMade(id) }),
  },
  "random:index/randomUuid:RandomUuid": {
    outputs: ["id", "result"],
    defaults: {},
    problems: () => [],
    make: makeUuid,
    parse: (id) => ({ inputs: {}, made: { id, outputs: { id, result: id } } }),
  },
};

export function kindOf(type: string, schema: Schema): Kind | undefined {
  const spec = schema.inputs(type);
  const rule = rules[type];
  return spec && rule && { ...rule, spec };
}

function integerOf(id: string): ReturnType<Kind["parse"]> {
  const [result = "", min = "", max = "", seed] = id.split(",");
  if (![result, min, max].every((n) => /^[+-]?\d+$/.test(n))) {
    throw new Error("Invalid import usage: expecting {result},{min},{max} or {result},{min},{max},{seed}");
  }
  const inputs = { min: Number(min), max: Number(max), ...(seed === undefined ? {} : { seed }) };
  return { inputs, made: { id: result, outputs: { id: result, result: Number(result) } } };
}

function atLeastOne(name: string, p: Props): string[] {
  const value = p[name];
  if (isUnknown(value) || Number(value) >= 1) return [];
  return [invalid(`Attribute ${name} value must be at least 1, got: ${asText(value)}`, name)];
}

function invalid(what: string, name: string): string {
  return `Invalid Attribute Value. ${what}. Examine values at 'x.${name}'.`;
}

function textProblems(p: Props): string[] {
  const known = (names: string[]): boolean => !names.some((n) => isUnknown(p[n]));
  const problems = atLeastOne("length", p);
  const sum = minima.reduce((total, name) => total + Number(p[name]), 0);
  if (problems.length === 0 && known(["length", ...minima]) && Number(p.length) < sum) {
    const what =
      "Attribute length value must be at least sum of min_upper + min_lower + min_numeric + min_special";
    problems.push(invalid(`${what}, got: ${asText(p.length)}`, "length"));
  }
  if (known(uses) && uses.every((name) => p[name] === false)) {
    const what = "At least one attribute out of [special,upper,lower,numeric] must be specified as true";
    problems.push(`Invalid Attribute Combination. ${what}. Examine values at 'x.numeric'.`);
  }
  return problems;
}
