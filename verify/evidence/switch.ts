/** Reads the ports and bridges of Open vSwitch. Pure. */
import type { HostFacts, PortFacts } from "./facts";
import type { Part } from "./part";
import { jsonLines } from "./text";

export const ports: Part = {
  args: () => [],
  sections: { ovs: (_, attempt) => attempt(parseSwitch) ?? {} },
};

interface Table {
  headings: string[];
  data: unknown[][];
}

/** Rows by the names of their columns. */
function rowsOf({ headings, data }: Table): Record<string, unknown>[] {
  return data.map((row) => Object.fromEntries(row.map((value, index) => [headings[index] ?? "", value])));
}

/** The tables Port, Interface and Bridge, a line of JSON each (ovs-vsctl(8), "--format=json": the notation of RFC 7047). */
function parseSwitch(body: string): Pick<HostFacts, "ports" | "bridges"> {
  const [ports, interfaces, bridges] = jsonLines(body) as Table[];
  if (ports === undefined || interfaces === undefined) throw new SyntaxError("two tables are expected");
  const bridgeRows = bridges === undefined ? [] : rowsOf(bridges);
  const homes = new Map(
    bridgeRows.flatMap(({ name, ports: on }) => members(on).map((id) => [id, text(name)])),
  );
  const settings = new Map(rowsOf(ports).map((row) => [row["name"], row]));
  const found = rowsOf(interfaces).map((row): [string, PortFacts] => {
    const port = settings.get(row["name"]) ?? {};
    return [text(row["name"]), portOf(port, row, homes.get(members(port["_uuid"])[0] ?? ""))];
  });
  const labs = bridgeRows.map(
    ({ name, external_ids }) => [text(name), mapOf(external_ids)["vxlab"] ?? ""] as const,
  );
  return { ports: new Map(found), ...(bridges === undefined ? {} : { bridges: new Map(labs) }) };
}

function portOf(
  port: Record<string, unknown>,
  { type, ofport, error, options, statistics, bfd_status }: Record<string, unknown>,
  bridge: string | undefined,
): PortFacts {
  const { tag, trunks, vlan_mode: mode } = port;
  const labels = mapOf(port["external_ids"]);
  const step = Object.entries(labels).find(([key]) => key.startsWith("vxlab-"))?.[1];
  const counters = mapOf(statistics);
  const counted = (way: string) => Number(counters[`${way}_packets`]);
  return {
    type: text(type),
    // An empty column is ["set", []].
    ofport: typeof ofport === "number" ? ofport : -1,
    error: typeof error === "string" ? error.trim().replaceAll("\n", "; ") : "",
    protected: port["protected"] === true,
    ...(typeof tag === "number" ? { tag } : {}),
    trunks: typeof trunks === "number" ? [trunks] : setOf(trunks).map(Number),
    ...(typeof mode === "string" ? { vlanMode: mode } : {}),
    ...(bridge === undefined ? {} : { bridge }),
    ...(step === undefined ? {} : { step }),
    ...(counters["rx_packets"] === undefined ? {} : { packets: { in: counted("rx"), out: counted("tx") } }),
    ...bfdOf(mapOf(bfd_status)),
    options: mapOf(options),
  };
}

/** As Open vSwitch has it in bfd_status, empty where nothing probes (ovs-vswitchd.conf.db(5), Interface). */
function bfdOf({ state, diagnostic = "" }: Record<string, string>): Pick<PortFacts, "bfd"> {
  if (state === undefined) return {};
  const why = state === "up" || diagnostic === "" || diagnostic === "No Diagnostic" ? "" : ` (${diagnostic})`;
  return { bfd: `${state}${why}` };
}

/** Of a column of references: ["uuid", X], or ["set", [["uuid", X], …]]. */
function members(value: unknown): string[] {
  const [kind, inner] = Array.isArray(value) ? (value as unknown[]) : [];
  if (kind === "uuid") return [text(inner)];
  return setOf(value).flatMap(members);
}

function setOf(value: unknown): unknown[] {
  const [kind, inner] = Array.isArray(value) ? (value as unknown[]) : [];
  return kind === "set" && Array.isArray(inner) ? (inner as unknown[]) : [];
}

function mapOf(value: unknown): Record<string, string> {
  const [kind, inner] = Array.isArray(value) ? (value as unknown[]) : [];
  const pairs = kind === "map" && Array.isArray(inner) ? (inner as [unknown, unknown][]) : [];
  return Object.fromEntries(pairs.map(([key, one]) => [text(key), text(one)]));
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
