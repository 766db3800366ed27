/** What is made of the settings table and kept in the repository; `UPDATE=1` writes it again. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as prettier from "prettier";
import { describe, expect, it } from "vitest";
import { CONTAINER, INTERFACE } from "../../components/container/spec";
import { EXEC, FILE, ROUTE } from "../../components/container/spec-inside";
import { EXISTING, HOST } from "../../components/host/spec";
import { IMAGE } from "../../components/image/spec";
import { IMPAIRMENT } from "../../components/impairment/spec";
import { DHCP, GATEWAY, SEGMENT } from "../../components/segment/spec";
import { UNDERLAY } from "../../components/underlay/spec";
import { STACK, TOPOLOGY } from "../../plan/settings";
import type { Setting } from "../../plan/setting";
import { settingsTable } from "./docs";
import { withDocstrings } from "./docstrings";
import { settingsSchema } from "./json-schema";

const MARKS = [
  "<!-- settings table: made of the specs, see CONTRIBUTING.md -->\n\n",
  "\n<!-- end -->",
] as const;

/** Each with the interfaces in it, and their tables. */
const SPECS: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Setting>>>>>> = {
  "components/underlay/spec.ts": { UnderlaySpec: UNDERLAY },
  "components/image/spec.ts": { ImageSpec: IMAGE },
  "components/host/spec.ts": { HostSpec: HOST, ExistingSpec: EXISTING },
  "components/segment/spec.ts": { SegmentSpec: SEGMENT, DhcpSpec: DHCP, GatewaySpec: GATEWAY },
  "components/container/spec.ts": { ContainerSpec: CONTAINER, InterfaceSpec: INTERFACE },
  "components/impairment/spec.ts": { ImpairmentSpec: IMPAIRMENT },
  "components/container/spec-inside.ts": { FileSpec: FILE, ExecSpec: EXEC, RouteSpec: ROUTE },
  "plan/settings.ts": { Topology: TOPOLOGY, StackSpec: STACK },
};

async function agrees(file: string, wanted: (text: string) => string): Promise<void> {
  const path = join(__dirname, "../..", file);
  const text = readFileSync(path, "utf8");
  const options = await prettier.resolveConfig(path);
  const formatted = await prettier.format(wanted(text), { ...options, filepath: path });
  if (process.env["UPDATE"] !== undefined) writeFileSync(path, formatted);
  else expect(text).toBe(formatted);
}

describe("made of the settings table", () => {
  it("is the table of docs/settings.md", () =>
    agrees("docs/settings.md", (text) => {
      const [before = "", rest = ""] = text.split(MARKS[0]);
      const after = rest.slice(rest.indexOf(MARKS[1]));
      expect(after, "both marks are there").not.toBe("");
      return [before, MARKS[0], settingsTable(), "\n", after].join("");
    }));

  it("is the JSON schema for editors", () =>
    agrees("docs/settings.schema.json", () => JSON.stringify(settingsSchema())));

  it.each(Object.entries(SPECS))("are the docstrings of %s", (file, interfaces) =>
    agrees(file, (text) =>
      Object.entries(interfaces).reduce((all, [name, fields]) => withDocstrings(all, name, fields), text),
    ),
  );
});
