import { describe, expect, it } from "vitest";
import { anchorsOf, deadLinks, linksOf, pages, targetOf, textOf } from "./markdown";

describe("the documentation", () => {
  it.each(pages())("%s has no dead relative link", (page) => expect(deadLinks(page)).toEqual([]));

  it("has one first-level heading on each page", () => {
    const wrong = pages().filter(
      (page) => outsideOfCode(textOf(page)).filter((line) => /^# /.test(line)).length !== 1,
    );
    expect(wrong).toEqual([]);
  });

  it("has a README of at most two screens", () =>
    expect(textOf("README.md").split("\n").length).toBeLessThanOrEqual(111));

  it("has a link to each page of docs/", () => {
    const linked = pages().flatMap((page) => linksOf(textOf(page)).map((href) => targetOf(page, href)));
    const missing = pages().filter((page) => page.startsWith("docs/") && !linked.includes(page));
    expect(missing).toEqual([]);
  });
});

function outsideOfCode(text: string): string[] {
  return text.replace(/^ *```[^]*?^ *```/gm, "").split("\n");
}

describe("the check of links", () => {
  it("names a file and a heading that do not exist", () => {
    const text = "# Top\n\n[a](docs/none.md) ![b](none.svg) [c](#none) [d](docs/verify.md#none) [e](#top)\n";
    expect(deadLinks("README.md", text)).toEqual([
      "README.md: docs/none.md: no such file",
      "README.md: none.svg: no such file",
      "README.md: #none: no such heading",
      "README.md: docs/verify.md#none: no such heading",
    ]);
  });

  it("reads no links in code, and finds links in tables", () => {
    expect(linksOf("```\n[a](b)\n```\n\n`[c](d)`\n")).toEqual([]);
    expect(linksOf("| a |\n| - |\n| [b](c) |\n")).toEqual(["c"]);
  });

  it("names headings as GitHub does", () =>
    expect(anchorsOf("## YAML, Python, Go, …\n\n## `a` b\n\n## `a` b\n")).toEqual([
      "yaml-python-go-",
      "a-b",
      "a-b-1",
    ]));
});
