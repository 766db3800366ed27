/**
 * Every message that a user can meet, read from the source: TypeScript's syntax tree, and the guest tools' `fail`. What is filled
 * in when it is printed is `…` here.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { checkout } from "./markdown";

export interface Message {
  text: string;
  /** Path in the project. */
  file: string;
}

/** A cure begins with an imperative; it is not a message of its own. */
const IMPERATIVES =
  /^(Add|Choose|Did you mean|Give|Install|Known|Leave|Move|Name|Put|Raise|Remove|Rename|Restrict|Set|Shrink|Start|Use|With a single|Write)\b/;

/** Calls whose fourth argument is a cure, which may be anything. */
const SAYS = /\.(say|sayIf|take)$/;

const isSentence = (text: string): boolean => /^(…|[A-Z"])[^]* [^]*\.$/.test(text) && /[a-z]{2}/.test(text);

/** The text of a literal, a template, or several that are joined; undefined for anything else. */
function literal(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join("");
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
  const [left, right] = [literal(node.left), literal(node.right)];
  return left === undefined && right === undefined ? undefined : `${left ?? "…"}${right ?? "…"}`;
}

/** Whether the text is a cure by its place, or a setting's documentation. */
function isOther(node: ts.Node): boolean {
  for (
    let [child, parent] = [node, node.parent];
    !ts.isSourceFile(parent);
    child = parent, parent = parent.parent
  ) {
    if (
      ts.isCallExpression(parent) &&
      SAYS.test(parent.expression.getText()) &&
      parent.arguments[3] === child
    )
      return true;
    if ((ts.isPropertyAssignment(parent) || ts.isVariableDeclaration(parent)) && parent.initializer === child)
      return /cure|^(doc|more|summary)$/i.test(parent.name.getText());
  }
  return false;
}

/** In an error that is thrown at the user, which is a class of its own or begins like a sentence. */
function isThrown(node: ts.Node, text: string): boolean {
  const { parent } = node;
  if (ts.isCallExpression(parent) && parent.expression.getText() === "badUsage") return true;
  if (!ts.isNewExpression(parent)) return false;
  const name = parent.expression.getText();
  return /^(Fault|Missing)$/.test(name) || (/Error$/.test(name) && /^(…|[A-Z])/.test(text) && / /.test(text));
}

/** Messages in TypeScript. */
export function typeScriptMessages(code: string): string[] {
  const source = ts.createSourceFile("x.ts", code, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = literal(node);
    if (text === undefined) {
      ts.forEachChild(node, visit);
      return;
    }
    const isMessage = isThrown(node, text) || (isSentence(text) && !IMPERATIVES.test(text) && !isOther(node));
    if (isMessage && /[a-z]{2}/.test(text)) found.push(oneLine(text));
  };
  visit(source);
  return found;
}

/** Whether a text of a check is what it expects, where to look, or a name: not what it found. */
function isNoVerdict(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isNewExpression(node)) return true;
  if (ts.isBinaryExpression(node)) return /^(===|!==)$/.test(node.operatorToken.getText());
  return ts.isPropertyAssignment(node) && /^(expected|where|name)$/.test(node.name.getText());
}

/** What checks of verify can print of what they found, and pieces of it: every text of two words. */
export function verdictTexts(code: string): string[] {
  return textsOf(code, isNoVerdict).filter((text) => / /.test(text) && /[a-z]{2}/.test(text));
}

/** Warnings, and what somebody has to do: what is passed to `pulumi.log.warn` and `out.line`, and what is printed after `warning: `. */
export function warningTexts(code: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = literal(node);
    if (text?.startsWith("warning: ")) found.push(text.slice("warning: ".length));
    if (ts.isCallExpression(node) && /\b(log\.warn|out\.line)$/.test(node.expression.getText()))
      found.push(...branches(node.arguments[0]));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("x.ts", code, ts.ScriptTarget.Latest, true));
  // One that is nothing but another text is collected where that is written.
  return found.map(oneLine).filter((text) => /[a-z]{2} [a-z]/.test(text.replace(/^…: …/, "")));
}

/** The texts of which an expression is one. */
function branches(node: ts.Node | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isConditionalExpression(node)) return [...branches(node.whenTrue), ...branches(node.whenFalse)];
  const text = literal(node);
  return text === undefined ? [] : [text];
}

/** Every text in the code, also within others' substitutions, but for the nodes that are left out. */
function textsOf(code: string, isLeftOut: (node: ts.Node) => boolean): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isLeftOut(node)) return;
    const text = literal(node);
    if (text !== undefined) found.push(oneLine(text));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("x.ts", code, ts.ScriptTarget.Latest, true));
  return found;
}

/** Messages in a script of the host: `fail "…"`, `die "…"`, and what is printed after `vxlab: `. */
export function shellMessages(code: string): string[] {
  const printed = [...code.matchAll(/\bprintf 'vxlab: ([^']*)\\n'/g)]
    .map(([, text = ""]) => text.replaceAll("%s", "…"))
    .filter((text) => /[a-z]{2} [a-z]/.test(text));
  return [...printed, ...spoken(code)];
}

function spoken(code: string): string[] {
  return [...code.matchAll(/\b(fail|die|echo) "/g)].flatMap(({ 0: head, 1: verb, index }) => {
    const words = quotedAt(code, index + head.length);
    if (verb === "echo" && !words.startsWith("vxlab: ")) return [];
    const text = words.replace(/^vxlab: /, "");
    // A usage line, a continuation, or nothing but what another program has said.
    return /^(usage:| )/.test(text) || !/[a-z]{2} [a-z]/.test(text) ? [] : [oneLine(text)];
  });
}

/** The text from a place to the closing quote, with … for substitutions, which may have quotes of their own. */
function quotedAt(code: string, start: number): string {
  let [text, at] = ["", start];
  while (at < code.length && code[at] !== '"') {
    const name = /^\$(?:\{[^}]*\}|\w+|[*@])/.exec(code.slice(at))?.[0];
    if (code.startsWith("$(", at)) [text, at] = [`${text}…`, closing(code, at + 2)];
    else if (name !== undefined) [text, at] = [`${text}…`, at + name.length];
    else if (code[at] === "\\") [text, at] = [text + (code[at + 1] ?? ""), at + 2];
    else [text, at] = [text + (code[at] ?? ""), at + 1];
  }
  return text;
}

/** Behind the parenthesis that closes one before `at`; those of `case` patterns are in no message. */
function closing(code: string, at: number): number {
  for (let depth = 1; depth > 0 && at < code.length; at += 1)
    depth += code[at] === "(" ? 1 : code[at] === ")" ? -1 : 0;
  return at;
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, " ").trim();

/** Whoever releases the package reads these messages, and no user. */
const MAINTAINERS = "toolchain/release/";

function filesBelow(path: string): string[] {
  if (statSync(join(checkout, path)).isFile()) return [path];
  const names = readdirSync(join(checkout, path), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => /\.(ts|sh)$/.test(name))
    .map((name) => join(path, name))
    .filter((name) => !name.startsWith(MAINTAINERS));
}

/** Each once. @param paths files and folders of the project */
export function messagesOf(paths: readonly string[]): Message[] {
  return collected(paths, (code, file) =>
    file.endsWith(".ts") ? [...typeScriptMessages(code), ...warningTexts(code)] : shellMessages(code),
  );
}

/** Each once. @param paths files and folders of verify/ */
export function verdictsOf(paths: readonly string[]): Message[] {
  return collected(paths, (code, file) => (file.endsWith(".ts") ? verdictTexts(code) : []));
}

function collected(paths: readonly string[], read: (code: string, file: string) => string[]): Message[] {
  const all = paths
    .flatMap(filesBelow)
    .flatMap((file) =>
      read(readFileSync(join(checkout, file), "utf8"), file).map((text) => ({ text, file })),
    );
  return [...new Map(all.map((one) => [one.text, one])).values()];
}
