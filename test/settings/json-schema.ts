/** The JSON schema (draft-07) of Pulumi.yaml and Pulumi.<stack>.yaml, made of the settings table. */
import { SETTINGS } from "../../plan/settings";
import type { Setting } from "../../plan/setting";
import { defaultOf, sentence } from "./describe";

export type Schema = Readonly<Record<string, unknown>>;

const NAMESPACE = "vxlab:";
/** What `pulumi config set --secret` writes (sdk/go/common/resource/config/value.go). */
const SECRET: Schema = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

/** `pulumi config set` writes numbers as text. */
const ALSO_AS_TEXT: Schema = { type: ["integer", "string"], pattern: "^[0-9]+$" };

/** A project's file has a runtime. It writes a mapping as `value`, which a stack's file does not. */
export function settingsSchema(): Schema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "vxlab's settings in Pulumi.yaml and Pulumi.<stack>.yaml",
    type: "object",
    definitions: Object.fromEntries(
      Object.entries(SETTINGS.fields).map(([key, setting]) => [
        key,
        { ...schemaOf(setting, key), ...(setting.kind === "integer" ? ALSO_AS_TEXT : {}) },
      ]),
    ),
    if: { required: ["runtime"] },
    then: configOf((key, setting) => projectForm(reference(key), setting)),
    else: configOf((key) => reference(key)),
  };
}

const reference = (key: string): Schema => ({ $ref: `#/definitions/${key}` });

function configOf(form: (key: string, setting: Setting) => Schema): Schema {
  const entries = Object.entries(SETTINGS.fields);
  return {
    properties: {
      config: {
        type: ["object", "null"],
        properties: Object.fromEntries(
          entries.map(([key, setting]) => [NAMESPACE + key, form(key, setting)]),
        ),
        patternProperties: {
          [`^${NAMESPACE}(?!(${entries.map(([key]) => key).join("|")})$)`]: false,
        },
      },
    },
  };
}

/** Pulumi's declaration of a setting (sdk/go/common/workspace/project.json, configTypeDeclaration). */
function projectForm(own: Schema, setting: Setting): Schema {
  const declaration = {
    type: "object",
    description: sentence(setting),
    properties: {
      value: own,
      default: own,
      type: { type: "string" },
      items: { type: "object" },
      description: { type: "string" },
      secret: { type: "boolean" },
    },
    additionalProperties: false,
  };
  return isMapping(setting) ? declaration : { anyOf: [own, declaration] };
}

function isMapping({ kind }: Setting): boolean {
  return kind === "section" || kind === "named";
}

function schemaOf(setting: Setting, top: string): Schema {
  const described = { description: `${sentence(setting)} Default: ${defaultOf(setting)}.` };
  const usual = "default" in setting ? { default: setting.default } : {};
  switch (setting.kind) {
    case "integer":
      return { ...described, type: "integer", minimum: setting.min, maximum: setting.max, ...usual };
    case "choice":
      return { ...described, enum: Object.keys(setting.choices), ...usual };
    case "switch":
      return { ...described, type: "boolean", ...usual };
    case "text":
      return {
        ...described,
        type: "string",
        ...(setting.pattern === undefined ? {} : { pattern: setting.pattern }),
        ...usual,
      };
    case "texts": {
      const either = { anyOf: [{ type: "string" }, SECRET] };
      return { ...described, type: "object", additionalProperties: either };
    }
    case "list":
      return {
        ...described,
        type: "array",
        items: setting.of === undefined ? { type: "string" } : schemaOf(setting.of, top),
        ...(setting.fewest === undefined ? {} : { minItems: setting.fewest }),
        ...(setting.most === undefined ? {} : { maxItems: setting.most }),
      };
    case "named":
      return { ...described, type: "object", additionalProperties: schemaOf(setting.each, top) };
    case "section":
      return { ...described, ...sectionSchema(setting.fields, top) };
  }
}

function sectionSchema(fields: Readonly<Record<string, Setting>>, top: string): Schema {
  const own = Object.entries(fields).filter(([, { only }]) => only === undefined || only === top);
  const required = own.filter(([, setting]) => setting.required === true).map(([key]) => key);
  return {
    type: "object",
    properties: Object.fromEntries(own.map(([key, setting]) => [key, schemaOf(setting, top)])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}
