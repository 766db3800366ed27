/**
 * Which names a shell script assigns, and where. A name that a function assigns without `local` is seen by every function after it, of
 * any kind of thing. shellcheck does not look for that.
 *
 * A function may assign its locals, and what the comment before it says at its end that it sets: "# Sets: veth bridge". Whoever calls it
 * has to have these as locals, or to say that it sets them too. A global, which has upper case, is assigned once and outside of
 * functions. Such a global may be the text of a `local`, for eval: $NAME stands for its names.
 */

interface ShellFunction {
  name: string;
  file: string;
  locals: ReadonlySet<string>;
  sets: ReadonlySet<string>;
  assigns: ReadonlySet<string>;
  /** Words at the beginning of commands. */
  calls: ReadonlySet<string>;
}

interface Script {
  functions: ShellFunction[];
  /** What is assigned outside of functions. */
  globals: { name: string; value: string }[];
}

/** @param texts by file; together one program */
export function faultsOf(texts: Readonly<Record<string, string>>): string[] {
  const scripts = Object.entries(texts).map(([file, text]) => readScript(file, text));
  const globals = scripts.flatMap((one) => one.globals);
  const lists = new Map(globals.map(({ name, value }) => [`$${name}`, [...namesIn(value).locals]]));
  const whole = (names: ReadonlySet<string>) =>
    new Set([...names].flatMap((name) => lists.get(name) ?? [name]));
  const functions = scripts
    .flatMap((one) => one.functions)
    .map((one) => ({ ...one, locals: whole(one.locals), sets: whole(one.sets) }));
  const setters = new Map(functions.map(({ name, sets }) => [name, sets]));
  const names = globals.map(({ name }) => name);
  return [
    ...names
      .filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name))
      .map((name) => `${name} is a global in lower case`),
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `${name} is declared twice`),
    ...functions.flatMap((one) => functionFaults(one, setters)),
  ];
}

function functionFaults(one: ShellFunction, setters: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const foreign = (name: string) => !one.locals.has(name) && !one.sets.has(name) && name !== "IFS";
  const say = (what: string) => `${one.file}: ${one.name} ${what}`;
  return [
    ...[...one.assigns].filter(foreign).map((name) => say(`assigns ${name}`)),
    ...[...one.calls].flatMap((callee) =>
      [...(setters.get(callee) ?? [])]
        .filter(foreign)
        .map((name) => say(`calls ${callee}, which sets ${name}`)),
    ),
  ];
}

function readScript(file: string, text: string): Script {
  const functions: ShellFunction[] = [];
  const outside: string[] = [];
  let comment = "";
  let open: { name: string; lines: string[] } | undefined;
  const close = () => {
    const [, sets = ""] = /Sets: ([\w$ ]+)$/.exec(comment) ?? [];
    const { name = "", lines = [] } = open ?? {};
    functions.push({ name, file, sets: new Set(sets.match(/\S+/g)), ...namesIn(lines.join("\n")) });
    open = undefined;
    comment = "";
  };
  for (const line of withoutDocuments(text)) {
    const [, name, body = ""] = /^(\w+)\(\) \{(.*)$/.exec(line) ?? [];
    if (open !== undefined && line.startsWith("}")) close();
    else if (open !== undefined) open.lines.push(line);
    else if (name !== undefined) {
      open = { name, lines: [body.replace(/\}$/, "")] };
      if (body !== "") close();
    } else if (line.startsWith("#")) comment += ` ${line.slice(1).trim()}`;
    else {
      comment = "";
      outside.push(line);
    }
  }
  return { functions, globals: globalsIn(outside.join("\n")) };
}

/** Each as often as it is assigned. */
function globalsIn(text: string): Script["globals"] {
  const plain = [...text.matchAll(/^(\w+)=["']?([^"'\n]*)/gm)].map(([, name = "", value = ""]) => ({
    name,
    value,
  }));
  const others = [...namesIn(text).assigns].filter((name) => plain.every((one) => one.name !== name));
  return [...plain, ...others.map((name) => ({ name, value: "" }))];
}

/** Without here-documents, which are text. */
function withoutDocuments(text: string): string[] {
  const lines: string[] = [];
  let until: string | undefined;
  for (const line of text.split("\n")) {
    if (until !== undefined) {
      if (line === until) until = undefined;
      continue;
    }
    lines.push(line);
    until = /<<'?([A-Z]+)'?/.exec(line)?.[1];
  }
  return lines;
}

function namesIn(body: string): Pick<ShellFunction, "locals" | "assigns" | "calls"> {
  const names = { locals: new Set<string>(), assigns: new Set<string>(), calls: new Set<string>() };
  // ${name:=word}, and assignments that are evaluated.
  for (const [, name = ""] of body.matchAll(/\$\{(\w+):?=/g)) names.assigns.add(name);
  for (const [, words = ""] of body.matchAll(/\beval "([^"]*)"/g)) {
    for (const [, name = ""] of words.matchAll(/(?:^|[\s;])([A-Za-z_]\w*)=/g)) names.assigns.add(name);
    for (const [name] of words.matchAll(/(?<=^|; )\$[A-Z]+(?=;|$)/g)) names.locals.add(name);
  }
  for (const command of commandsIn(body)) readCommand(command, names);
  names.assigns.delete("_");
  return names;
}

const KEYWORDS = /^(if|then|elif|else|while|until|do|!|\{|\(|time)$/;

function readCommand(
  command: string,
  names: { locals: Set<string>; assigns: Set<string>; calls: Set<string> },
): void {
  const words = command
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  while (KEYWORDS.test(words[0] ?? "")) words.shift();
  // `case word in pattern)` has been cut at the parenthesis.
  const assigned: string[] = [];
  while (/^\w+=/.test(words[0] ?? "")) assigned.push((words.shift() ?? "").replace(/=.*/s, ""));
  const [first, ...rest] = words.filter((word) => !/^[0-9]*[<>]/.test(word));
  const named = rest.filter((word) => /^\w+(=|$)/.test(word)).map((word) => word.replace(/=.*/s, ""));
  // Before a command, an assignment is that command's alone.
  if (first === undefined) assigned.forEach((name) => names.assigns.add(name));
  else if (first === "local") named.forEach((name) => names.locals.add(name));
  else if (first === "for") names.assigns.add(rest[0] ?? "");
  else if (first === "read") named.forEach((name) => names.assigns.add(name));
  else names.calls.add(first);
}

/** Simple commands, without what is quoted, commented on or run in a `$(…)`, which is a shell of its own. */
function commandsIn(text: string): string[] {
  const commands = [""];
  let at = 0;
  const keep = (piece: string) => (commands[commands.length - 1] += piece);
  while (at < text.length) {
    const c = text[at] ?? "";
    const before = text[at - 1] ?? "\n";
    if (c === "\\") {
      keep(text[at + 1] === "\n" ? " " : "x");
      at += 2;
    } else if (c === "#" && /[\s;(]/.test(before)) at = ends(text, at, "\n");
    else if (c === "'" || c === '"' || text.startsWith("$(", at) || text.startsWith("${", at)) {
      at = quoteEnd(text, at);
      keep("x");
    } else if (/[;&|()\n]/.test(c) && !(c === "&" && /[<>]/.test(before))) {
      commands.push("");
      at += 1;
    } else {
      keep(c);
      at += 1;
    }
  }
  return commands;
}

function ends(text: string, from: number, mark: string): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found;
}

/** After the quoted piece that begins here. */
function quoteEnd(text: string, from: number): number {
  if (text[from] === "'") return ends(text, from + 1, "'") + 1;
  const [close, start] =
    text[from] === '"' ? ['"', from + 1] : [text[from + 1] === "(" ? ")" : "}", from + 2];
  let at = start;
  let depth = 1;
  while (at < text.length) {
    const c = text[at] ?? "";
    if (c === "\\") at += 2;
    else if (c === close && --depth === 0) return at + 1;
    else if (close !== '"' && c === "(" && close === ")") {
      depth += 1;
      at += 1;
    } else if (
      text.startsWith("$(", at) ||
      text.startsWith("${", at) ||
      (close !== '"' && (c === "'" || c === '"'))
    )
      at = quoteEnd(text, at);
    else at += 1;
  }
  return at;
}
