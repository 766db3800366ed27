/** The engine's events as edits: what it does with each resource, and what that had and gets as inputs. Pure. */
import type { EngineEvent, StepMetadata } from "../engine/events";
import type { Edit, EditOp, Inputs } from "../../plan/change";

/** The engine's operations as edits. Reads change nothing. A replacement has three steps. */
const OPS: Readonly<Record<string, EditOp>> = {
  same: "same",
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  import: "create",
};

interface Found extends Omit<Edit, "children"> {
  urn: string;
  parent: string;
  children: Found[];
}

/** The resources below the stack, each with those below it. What was replaced is one edit. */
export function editsOf(events: readonly EngineEvent[]): Edit[] {
  const found = new Map<string, Found>();
  for (const { resourcePreEvent } of events) {
    if (resourcePreEvent === undefined) continue;
    const { metadata } = resourcePreEvent;
    const op = OPS[metadata.op];
    if (op === undefined) continue;
    const before = found.get(metadata.urn);
    found.set(metadata.urn, before === undefined ? edit(metadata, op) : joined(before, edit(metadata, op)));
  }
  for (const one of found.values()) found.get(one.parent)?.children.push(one);
  return [...found.values()].filter(({ type }) => !type.startsWith("pulumi:"));
}

function edit({ urn, old, new: now }: StepMetadata, op: EditOp): Found {
  const type = typeOf(urn);
  const oldType = old?.type;
  return {
    op,
    urn,
    type,
    ...(oldType === undefined || oldType === type ? {} : { oldType }),
    name: urn.slice(urn.lastIndexOf("::") + 2),
    parent: now?.parent ?? old?.parent ?? "",
    old: op === "create" ? {} : (old?.inputs ?? {}),
    now: op === "delete" ? {} : (now?.inputs ?? {}),
    children: [],
  };
}

/** "b" of "urn:pulumi:STACK::PROJECT::a$b::NAME". */
const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";

/** Steps of one replacement: the deletion has no new inputs. */
function joined(a: Found, b: Found): Found {
  const filled = (one: Inputs, other: Inputs): Inputs => (Object.keys(one).length > 0 ? one : other);
  return { ...a, ...b, parent: a.parent || b.parent, old: filled(a.old, b.old), now: filled(b.now, a.now) };
}
