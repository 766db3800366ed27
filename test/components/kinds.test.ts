/** components/container/kinds: what the registry says of a kind is in its folder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as exported from "../../components";
import { CONTAINER_KINDS, CONTAINER_WORDS } from "../../components/container/kinds";
import { CONTAINER_COMPONENTS } from "../../components/container/kinds/index.component";
import { ContainerKind } from "../../components/container/spec";

const scriptOf = (kind: string, name: string) =>
  readFileSync(join(__dirname, "../../components/container/kinds", kind, name), "utf8");

it("lists every word of the setting", () => {
  expect(CONTAINER_WORDS).toEqual(Object.values(ContainerKind));
});

describe.each(CONTAINER_WORDS)("kind %s", (word) => {
  const { component, scripts } = CONTAINER_KINDS[word];

  it("has a component of the class that aliases name, which the package exports", () => {
    expect(CONTAINER_COMPONENTS[word].name).toBe(component);
    expect(exported).toHaveProperty(component, CONTAINER_COMPONENTS[word]);
  });

  it.each(["apply", "drop", "look"])("has %s in the guest tools", (verb) => {
    expect(scripts.map((name) => scriptOf(word, name)).join("")).toContain(`\n${word}_${verb}() {`);
  });

  it.each(["list", "state"])("has %s in its probe", (verb) => {
    expect(scriptOf(word, "probe.sh")).toContain(`\n${word}_${verb}() {`);
  });
});
