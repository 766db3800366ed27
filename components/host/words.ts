/** Describes the changes of a host for a preview. */
import { because, facts, from, isEqual, isUnknown, listed, losing, nameIn, shown } from "../../plan/change";
import type { Edit, Label, Said, Surroundings, Words } from "../../plan/change";

const MACHINE = "vxlab:index:KvmHost";
const DOMAIN = "libvirt:index/domain:Domain";
const CONTAINER = /^vxlab:index:\w+Container$/;
const IMAGE = "vxlab:index:GuestImage";
const ANOTHER_IMAGE = "another image";
/** Shown when a file of the image was lost: the engine knows only after creating the volume whether it is the same. */
const IMAGE_AGAIN = "unless the image, which is uploaded again, is unchanged";

const LABELS: Readonly<Record<string, Label>> = {
  address: (old, now) => from("address", bare(old), bare(now)),
  memory: "memory",
  vcpus: "vCPUs",
  mtu: "MTU",
  mac: "MAC",
  gateway: "gateway",
  nameservers: "name servers",
  accel: "acceleration",
  codeCache: "code cache",
  bootTimeout: "SSH timeout",
  libvirtUri: "hypervisor",
  image: () => ANOTHER_IMAGE,
  networkId: (_, now) => (isUnknown(now) ? "the underlay is recreated" : "another underlay"),
  sshAddress: "SSH address",
  port: "SSH port",
  hostKey: () => "another host key",
  needs: "needs",
  // Shown by its ports.
  peers: false,
  hostName: false,
  labId: false,
};

export const hostWords: Words = {
  thing: "host",
  types: [MACHINE, "vxlab:index:ExistingHost"],
  subject: (edit) => ({ name: nameIn(edit, "hostName") }),
  say(edit, around) {
    const existing = edit.type !== MACHINE;
    if (edit.op === "create") return { kind: "added", facts: described(edit.now, existing) };
    if (edit.op === "delete")
      return {
        kind: "removed",
        facts: [],
        loss: existing ? "what vxlab put on it is removed" : "what was written there is lost",
      };
    const differing = facts(LABELS, edit);
    if (isRebuilt(edit)) return rebuilt(edit, differing, around);
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  },
  line: ({ kind, names, facts: said, loss }) => {
    if (kind === "added") return `host ${listed(names)} ${said.join(", ")}`;
    if (kind === "removed") return `host ${listed(names)}${losing(loss)}`;
    if (kind === "changed") return `${listed(names)}: ${said.join("; ")}`;
    return `${listed(names)} ${names.length > 1 ? "are" : "is"} rebuilt${because(said)}${losing(loss)}`;
  },
};

/** True for a machine that is replaced: the component itself is only updated then. */
export const isRebuilt = ({ op, children }: Edit): boolean =>
  op === "replace" || children.some((one) => one.type === DOMAIN && one.op === "replace");

function described({ address, memory, vcpus }: Edit["now"], existing: boolean): string[] {
  if (existing) return [shown(address), "an existing host"];
  const size = typeof memory === "number" ? [`${memory} MiB`] : [];
  return [bare(address), ...size, ...(typeof vcpus === "number" && vcpus > 1 ? [`${vcpus} vCPUs`] : [])];
}

function rebuilt(edit: Edit, differing: string[], { all }: Surroundings): Said {
  const name = nameIn(edit, "hostName");
  const hasContainers = all.some(
    (one) => CONTAINER.test(one.type) && one.op === "replace" && nameIn(one, "hostName") === name,
  );
  const loss = hasContainers
    ? "its containers are recreated, what they wrote is lost"
    : "what was written there is lost";
  const again =
    isPartlyUnknown(edit.now["image"]) && all.every(({ type, op }) => type !== IMAGE || op === "same");
  const said = differing.map((text) => (again && text === ANOTHER_IMAGE ? IMAGE_AGAIN : text));
  return { kind: "rebuilt", facts: said.length > 0 ? said : differencesBelow(edit.children), loss };
}

const isPartlyUnknown = (value: unknown): boolean =>
  isUnknown(value) ||
  (typeof value === "object" && value !== null && Object.values(value).some(isPartlyUnknown));

/** Without the prefix length. */
const bare = (address: unknown): string => shown(address).replace(/\/\d+$/, "");

/** If the component's inputs are unchanged: what differs in the resources below it. */
function differencesBelow(children: readonly Edit[]): string[] {
  return children.flatMap(({ type, op, old, now }) => {
    if (op !== "replace") return [];
    const keys = Object.keys({ ...old, ...now }).filter(
      (key) => !isEqual(old[key], now[key]) && !isUnknown(now[key]),
    );
    return keys.length === 0 ? [] : [`${type.slice(type.lastIndexOf(":") + 1)}: ${keys.join(", ")}`];
  });
}
