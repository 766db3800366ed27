/**
 * The description of one setting: an entry of a spec's table. A table names every key of its interface, which the compiler checks. From
 * the tables come the shape check, simple value checks, defaults, docstrings, docs/settings.md and the JSON schema for editors.
 */

interface Described {
  /** One line for docs and editors: Markdown, without a full stop. */
  readonly doc: string;
  /** @default false */
  readonly required?: boolean;
  /** The default as text (Markdown), if it is not a fixed value. */
  readonly usual?: string;
  /** If several sections share a table, the section that has this setting. @default all of them */
  readonly only?: string;
}

export interface IntegerSetting extends Described {
  readonly kind: "integer";
  readonly min: number;
  readonly max: number;
  /** The unit, such as "bytes"; a number that identifies something has `names` instead, such as "a VNI". */
  readonly unit?: string;
  readonly names?: string;
  /** Why the bounds are what they are, for the message. */
  readonly why?: string;
  readonly default?: number;
}

export interface ChoiceSetting<Value extends string = string> extends Described {
  readonly kind: "choice";
  /** Every value with its meaning (Markdown; may be empty). */
  readonly choices: Readonly<Record<Value, string>>;
  readonly default?: Value;
}

export interface SwitchSetting extends Described {
  readonly kind: "switch";
  readonly default: boolean;
}

/** Text; resolve reads addresses and the like out of it. */
interface TextSetting extends Described {
  readonly kind: "text";
  readonly default?: string;
  /** A regular expression for editors. */
  readonly pattern?: string;
}

interface ListSetting extends Described {
  readonly kind: "list";
  /** @default texts */
  readonly of?: SectionSetting;
  readonly fewest?: number;
  readonly most?: number;
}

/** Names to texts, each of which may be a secret. */
interface TextsSetting extends Described {
  readonly kind: "texts";
}

/** A mapping with keys of its own. */
export interface SectionSetting extends Described {
  readonly kind: "section";
  readonly fields: Readonly<Record<string, Setting>>;
}

/** Names to sections. */
export interface NamedSetting extends Described {
  readonly kind: "named";
  readonly each: SectionSetting;
}

export type Setting =
  | IntegerSetting
  | ChoiceSetting
  | SwitchSetting
  | TextSetting
  | ListSetting
  | TextsSetting
  | SectionSetting
  | NamedSetting;

/** The entry of a value of type T. */
type SettingOf<T> = [T] extends [boolean]
  ? SwitchSetting
  : [T] extends [number]
    ? IntegerSetting
    : [T] extends [string]
      ? string extends T
        ? TextSetting
        : ChoiceSetting<T>
      : [T] extends [readonly unknown[]]
        ? ListSetting
        : string extends keyof T
          ? T[keyof T] extends string
            ? TextsSetting
            : NamedSetting
          : SectionSetting & { readonly fields: Fields<T> };

/** The table of a spec: an entry for every key. */
export type Fields<Spec> = {
  readonly [Key in keyof Required<Spec>]: SettingOf<NonNullable<Spec[Key]>>;
};
