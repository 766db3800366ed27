/** Describes the changes of what machines boot for a preview. */
import { because, facts, from, shown } from "../../plan/change";
import type { Label, Words } from "../../plan/change";

const LABELS: Readonly<Record<string, Label>> = {
  root: (old, now) => from("disk", last(old), last(now)),
  version: "version",
  kind: "kind",
  path: "path",
  poolPath: "pool",
  libvirtUri: "hypervisor",
  // They change together with the disk.
  kernel: false,
  initrd: false,
  cmdline: false,
  labId: false,
};

export const imageWords: Words = {
  thing: "image",
  types: ["vxlab:index:GuestImage"],
  // One resource on each hypervisor, for the same image.
  subject: () => ({ name: "image" }),
  say(edit) {
    if (edit.op === "create") return { kind: "added", facts: [last(edit.now["root"])] };
    if (edit.op === "delete") return { kind: "removed", facts: [] };
    const differing = facts(LABELS, edit);
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  },
  line: ({ kind, facts: said }) =>
    kind === "changed" ? `image: ${said.join("; ")}` : `image${because(said)}`,
};

/** Folder and file: "golden-fe79e7052508/root.qcow2". */
const last = (path: unknown): string => shown(path).split("/").slice(-2).join("/");
