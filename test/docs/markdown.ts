/** The project's Markdown pages: their links, and the anchors that links can lead to. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import GithubSlugger from "github-slugger";
import { marked } from "marked";
import type { Token, Tokens } from "marked";

export const checkout = join(__dirname, "../..");

/** Every page that git has, or would have, except those of generated SDKs: paths in the project. */
export function pages(): string[] {
  const words = ["ls-files", "--cached", "--others", "--exclude-standard", "*.md", ":!sdks"];
  const listed = execFileSync("git", words, { cwd: checkout, encoding: "utf8" }).split("\n");
  return listed.filter((path) => path !== "" && existsSync(join(checkout, path))).sort();
}

export const textOf = (page: string): string => readFileSync(join(checkout, page), "utf8");

function tokensOf(text: string): Token[] {
  const all: Token[] = [];
  void marked.walkTokens(marked.lexer(text), (token) => void all.push(token));
  return all;
}

/** Targets of links and pictures, as written. */
export function linksOf(text: string): string[] {
  return tokensOf(text).flatMap((token) =>
    token.type === "link" || token.type === "image" ? [(token as Tokens.Link | Tokens.Image).href] : [],
  );
}

/** The anchors of a page's headings, as GitHub names them. */
export function anchorsOf(text: string): string[] {
  const slugger = new GithubSlugger();
  return tokensOf(text).flatMap((token) =>
    token.type === "heading" ? [slugger.slug(plain((token as Tokens.Heading).tokens))] : [],
  );
}

function plain(tokens: readonly Token[]): string {
  const words = tokens.map((token): string => {
    if ("tokens" in token && token.tokens !== undefined) return plain(token.tokens);
    return "text" in token ? String(token.text) : "";
  });
  return words.join("");
}

/** The file that a relative link of a page leads to: a path in the project. */
export function targetOf(page: string, href: string): string {
  const [path = ""] = href.split("#");
  return path === "" ? page : normalize(join(dirname(page), path));
}

/** What is wrong with a page's relative links: a file or an anchor that does not exist. */
export function deadLinks(page: string, text = textOf(page)): string[] {
  return linksOf(text).flatMap((href) => {
    if (/^[a-z]+:/.test(href)) return [];
    const [, anchor] = href.split("#");
    const target = targetOf(page, href);
    if (!existsSync(join(checkout, target))) return [`${page}: ${href}: no such file`];
    if (anchor === undefined) return [];
    const there = target === page ? text : textOf(target);
    return anchorsOf(there).includes(anchor) ? [] : [`${page}: ${href}: no such heading`];
  });
}
