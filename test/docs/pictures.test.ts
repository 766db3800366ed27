/** The pictures in docs/ are what the tool draws. UPDATE=1 writes them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pictureOf } from "../../cli/graph/model";
import { renderSvg } from "../../cli/graph/svg";
import { PICTURES } from "./labs";
import { checkout } from "./markdown";

it.each(Object.entries(PICTURES))("docs/%s is drawn by the tool", (file, lab) => {
  const path = join(checkout, "docs", file);
  const drawn = renderSvg(pictureOf(lab()));
  if (process.env.UPDATE !== undefined) writeFileSync(path, drawn);
  expect(readFileSync(path, "utf8")).toBe(drawn);
});
