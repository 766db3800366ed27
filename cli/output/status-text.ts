/** The state of a lab as tables for people. Pure. */
import type { CheckResult } from "../../verify/check";
import { table } from "./output";
import type { Status, TunnelStatus } from "./status";

export function renderStatus(status: Status): string {
  const { hosts, tunnels, services, containers, foreign, faults } = status;
  const blocks = [
    [
      ["HOST", "ADDRESS (VTEP)", "MACHINE", "SSH", "BRIDGE", "ITS ADDRESS"],
      ...hosts.map((h) => [
        h.name,
        vtepText(h),
        h.machine,
        shortSsh(h.ssh),
        h.bridge,
        h.bridgeAddress ?? "-",
      ]),
    ],
    [
      ["TUNNEL", "FROM", "TO", "REMOTE", "SEGMENT", "VNI", "UDP", "STATE"],
      ...tunnels.map((t) => [
        ...[t.port, t.host, t.to, t.remote, t.segment, String(t.vni), String(t.udpPort)],
        tunnelText(t),
      ]),
    ],
    [
      ["SERVICE OF", "HOST", "DEVICE", "ADDRESS", "WHAT", "STATE"],
      ...services.map((s) => [s.segment, s.host, s.device, s.address, s.does, s.ok ? "up" : "WRONG"]),
    ],
    [
      ["CONTAINER", "HOST", "SEGMENT", "ADDRESS", "STATE", "PID"],
      ...containers.map((c) => [c.name, c.host, c.segment, c.address, c.state, c.pid?.toString() ?? "-"]),
    ],
  ];
  const tables = blocks.filter((rows) => rows.length > 1).map((rows) => table(rows));
  return [...tables, ...foreignText(foreign), faultText(faults)].join("\n\n");
}

function vtepText({ address, encryption }: Status["hosts"][number]): string {
  if (encryption === undefined) return address;
  const { device, address: inside, ok } = encryption;
  return `${address} (${device} ${inside}${ok ? "" : ", WRONG"})`;
}

function shortSsh(ssh: string): string {
  return ssh === "up" ? "up" : "DOWN";
}

function tunnelText({ ok, ofport, error, missing }: TunnelStatus): string {
  if (ofport === null) return missing ? "MISSING" : "unknown";
  if (error || ofport < 0) return "REFUSED";
  return ok ? `up (ofport ${ofport})` : `WRONG (ofport ${ofport})`;
}

function foreignText(foreign: Status["foreign"]): string[] {
  if (foreign.length === 0) return [];
  return [["foreign, left alone:", ...foreign.map(({ host, what }) => `  ${host}: ${what}`)].join("\n")];
}

function faultText(faults: readonly CheckResult[]): string {
  if (faults.length === 0) return "everything is as desired";
  const things = faults.length === 1 ? "1 thing is" : `${faults.length} things are`;
  const lines = faults.flatMap(({ name, expected, got, where }) => [
    `  ${name}: ${got}`,
    `      expected  ${expected}`,
    `      look      ${where}`,
  ]);
  return [`${things} not as desired:`, ...lines].join("\n");
}
