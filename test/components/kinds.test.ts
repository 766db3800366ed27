/** components/container/kinds: what the registry says of a kind is in its folder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as exported from "../../components";
import { CONTAINER_KINDS, CONTAINER_WORDS, ContainerKind } from "../../components/container/kinds";
import { kindScript } from "../../verify/evidence/scripts";
import * as kinds from "../../components/container/kinds/index.component";

const scriptOf = (kind: string, name: string) =>
  readFileSync(join(__dirname, "../../components/container/kinds", kind, name), "utf8");

it("lists every word of the setting", () => {
  expect(CONTAINER_WORDS).toEqual(Object.values(ContainerKind));
});

describe.each(CONTAINER_WORDS)("kind %s", (word) => {
  const { component, scripts } = CONTAINER_KINDS[word];

  it("has a component of the class that aliases name, which the package exports", () => {
    const { [component as keyof typeof kinds]: made } = kinds;
    expect(made.name).toBe(component);
    expect(exported).toHaveProperty(component, made);
  });

  it.each(["apply", "drop", "look"])("has %s in the guest tools", (verb) => {
    expect(scripts.map((name) => scriptOf(word, name)).join("")).toContain(`\n${word}_${verb}() {`);
  });

  it.each(["list", "state"])("has %s for verify", (verb) => {
    expect(kindScript(word)).toContain(`${word}_${verb}() {\n`);
  });
});
