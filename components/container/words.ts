/** Describes the changes of a container for a preview. */
import {
  because,
  facts,
  from,
  hostIn,
  isEqual,
  isObject,
  listed,
  losing,
  members,
  nameIn,
  onHosts,
  secretPaths,
  shown,
  texts,
} from "../../plan/change";
import type { Edit, Inputs, Label, Said, Words } from "../../plan/change";
import { CONTAINER_KINDS, CONTAINER_WORDS } from "./kinds";
import type { ContainerKind } from "./kinds";
import { nicName } from "../../plan/names";

const LOSS = "what it wrote is lost";

const LABELS: Readonly<Record<string, Label>> = {
  image: "image",
  archive: "archive",
  rootfs: "root file system",
  volumes: (old, now) => entries("volume", old, now),
  capAdd: "capabilities",
  command: "command",
  env: (old, now) => environment(old, now),
  interfaces: (old, now) => interfaces(old, now),
  files: (old, now) => entries("file", old, now),
  exec: (old, now) => members("runs", commands(old), commands(now)),
  routes: (old, now) => members("route", ways(old), ways(now)),
  sysctls: (old, now) => entries("sysctl", named(old), named(now)),
  ports: (old, now) => members("port", ports(old), ports(now)),
  container: "name",
  hostName: false,
  labId: false,
};

const NIC: Readonly<Record<string, Label>> = {
  addresses: "address",
  dhcp: "DHCP",
  gateway: "gateway",
  mtu: "MTU",
  vlan: "VLAN",
  trunk: (old, now) => members("VLAN", vlans(old), vlans(now)) || "what it carries tagged",
  mac: "MAC",
  bridge: "bridge",
  veth: "host's interface",
  forwards: "forwards for",
  portSecurity: (_, now) => `port security ${now === false ? "off" : "on"}`,
  dhcpRange: "DHCP range that it may use",
};

/** Inputs that cannot change while a container runs. */
const AT_START = ["image", "archive", "rootfs", "command", "env", "volumes", "capAdd"];
const NIC_AT_START = ["mac", "veth", "dhcp"];

export const containerWords: Words = {
  thing: "container",
  types: CONTAINER_WORDS.map((kind) => typeOf(kind)),
  single: true,
  subject: (edit) => ({ name: nameIn(edit, "container"), host: hostIn(edit) }),
  say(edit, around) {
    if (edit.op === "create") return { kind: "added", facts: described(edit) };
    if (edit.op === "delete") return { kind: "removed", facts: [], loss: LOSS };
    const differing = [...moved(edit), ...facts(LABELS, edit), ...hidden(edit)];
    if (around.host(hostIn(edit)) === "replace")
      return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
    if (isRecreated(edit)) return recreated(differing);
    if (differing.length === 0) return undefined;
    if (!startsAnew(edit)) return { kind: "changed", facts: differing };
    return keepsRoot(edit) ? { kind: "changed", facts: [...differing, "it restarts"] } : recreated(differing);
  },
  line: ({ kind, names, hosts, facts: said, loss }) => {
    const title = `${listed(names)}${onHosts(hosts)}`;
    if (kind === "added") return [title, ...said].join(", ");
    if (kind === "removed") return `${title}${losing(loss)}`;
    if (kind === "changed") return `${title}: ${said.join("; ")}`;
    return `${title} ${names.length > 1 ? "are" : "is"} recreated${because(said)}${losing(loss)}`;
  },
};

function typeOf(kind: ContainerKind): string {
  return `vxlab:index:${CONTAINER_KINDS[kind].component}`;
}

const kindOf = (type: string): ContainerKind | undefined =>
  CONTAINER_WORDS.find((kind) => typeOf(kind) === type);

function described({ type, now }: Edit): string[] {
  const kind = kindOf(type);
  const nics = listOf(now["interfaces"]).flatMap((nic) =>
    nic["dhcp"] === true ? ["DHCP"] : texts(nic["addresses"]),
  );
  const source = now["image"] ?? now["archive"] ?? now["rootfs"];
  return [...nics, ...(source === undefined ? [] : [`${kind ?? ""} ${shown(source)}`.trim()])];
}

/** Another host, or another kind of container. */
function moved({ type, oldType, old, now }: Edit): string[] {
  const [was, is] = [kindOf(oldType ?? type), kindOf(type)];
  const hosts =
    old["hostName"] === undefined ||
    now["hostName"] === undefined ||
    isEqual(old["hostName"], now["hostName"]);
  return [
    ...(hosts ? [] : [`moves from ${shown(old["hostName"])}`]),
    ...(was === is ? [] : [`${was ?? "other"} → ${is ?? "other"}`]),
  ];
}

/** If it moves to another host, its step is replaced, and the component only updated. */
const isRecreated = ({ op, children }: Edit): boolean =>
  op === "replace" || children.some((one) => one.op === "replace");

/** A preview has no values of secrets. It sees only that nothing else differs. */
function hidden(edit: Edit): string[] {
  if (edit.op !== "update" || !isEqual(edit.old, edit.now)) return [];
  const paths = secretPaths(edit.now);
  return paths.length === 0 ? [] : [`secret ${paths.join(" or ")} changed`];
}

const recreated = (differing: string[]): Said => ({
  kind: "rebuilt",
  facts: differing.length > 0 ? differing : ["its host is another machine"],
  loss: LOSS,
});

function startsAnew({ type, oldType, old, now }: Edit): boolean {
  const [were, are] = [listOf(old["interfaces"]), listOf(now["interfaces"])];
  const nics =
    were.length !== are.length ||
    are.some((nic, i) => NIC_AT_START.some((key) => !isEqual(nic[key], were[i]?.[key])));
  // Secrets that a preview cannot compare are environment variables.
  const same = isEqual(old, now) || AT_START.every((key) => isEqual(old[key], now[key]));
  return (oldType ?? type) !== type || nics || !same || (isEqual(old, now) && secretPaths(now).length > 0);
}

function keepsRoot({ type, oldType, old, now }: Edit): boolean {
  const kind = kindOf(type);
  if (!isEqual(old["rootfs"], now["rootfs"])) return false;
  return (oldType ?? type) === type && kind !== undefined && CONTAINER_KINDS[kind].keepsRoot;
}

/** "file /etc/app.conf 5d41402abc4b, 12 bytes, 0644 0:0 → …" for each that differs. */
function entries(label: string, old: unknown, now: unknown): string {
  const [was, is] = [isObject(old) ? old : {}, isObject(now) ? now : {}];
  const keys = Object.keys({ ...was, ...is }).filter((key) => !isEqual(was[key], is[key]));
  return keys.map((key) => from(`${label} ${key}`, was[key], is[key])).join("; ");
}

function environment(old: unknown, now: unknown): string {
  const [was, is] = [isObject(old) ? old : {}, isObject(now) ? now : {}];
  const keys = Object.keys({ ...was, ...is }).filter((key) => !isEqual(was[key], is[key]));
  return keys.map((key) => from(`env ${key}`, was[key], is[key])).join(", ");
}

function interfaces(old: unknown, now: unknown): string {
  const [were, are] = [listOf(old), listOf(now)];
  const count = Math.max(were.length, are.length);
  return Array.from({ length: count }, (_, i) => {
    const [was, is] = [were[i], are[i]];
    if (was === undefined) return [`${nicName(i)} ${shown(is?.["addresses"])} added`];
    if (is === undefined) return [`${nicName(i)} removed`];
    return facts(NIC, { old: was, now: is }).map((fact) => (count > 1 ? `${nicName(i)}: ${fact}` : fact));
  })
    .flat()
    .join("; ");
}

const listOf = (value: unknown): Inputs[] =>
  Array.isArray(value) ? (value as unknown[]).filter(isObject) : [];
const vlans = (value: unknown): string[] => listOf(value).map(({ vlan }) => shown(vlan));
const ways = (value: unknown): string[] =>
  listOf(value).map(({ to, via }) => `${shown(to)} via ${shown(via)}`);
const ports = (value: unknown): string[] =>
  listOf(value).map(({ port, to, protocol = "tcp" }) => `${shown(port)}:${shown(to)}/${shown(protocol)}`);
const named = (value: unknown): Inputs =>
  Object.fromEntries(listOf(value).map(({ name, value: text }) => [shown(name), text]));
const commands = (value: unknown): string[] =>
  listOf(value).map(({ command, timeout }) => `${shown(command)} (at most ${shown(timeout)} s)`);
