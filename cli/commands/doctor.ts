import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { virsh } from "../../components/libvirt/virsh";
import { must } from "../../system/process";
import { aptLine, examine, otherVersions, readPieces, remedy, requirements } from "../../toolchain";
import type { Finding, Piece, Source, When } from "../../toolchain";
import { kvmWorks } from "../../components/libvirt/choices";
import type { Command, Context } from "../command";
import { jsonOption, readArgs, stackName } from "../args";
import { Exit } from "../exit";
import { table } from "../output/output";
import { openPools, type OpenPool } from "../access/pools";
import { libvirtMode, purposes, stackVirshUri, type Mode } from "../engine/ready";

/** What `--json` prints. */
export interface Report {
  /** True when nothing that a lab needs is missing. */
  ok: boolean;
  requirements: {
    program: string;
    ok: boolean;
    /** Whether a lab needs it. */
    needed: boolean;
    neededFor: string;
    when: When;
    path?: string;
    version?: string;
    cure?: string;
  }[];
  /** One line that installs every missing package of a lab. */
  install?: string;
  /** The same for `vxlab test`. */
  installTests?: string;
  toolchain: Piece[];
  libvirt: { mode: Mode; uri: string; answers: boolean; open: OpenPool[] };
  accel: "kvm" | "emulation";
  /** `otherVersions`: folders that this version does not use. */
  cache: { path: string; sizes: Record<string, string>; otherVersions: string[] };
}

export const doctor: Command = {
  name: "doctor",
  summary: "list what this machine has and lacks, and the cure",
  operands: "",
  options: jsonOption,
  checkoutOnly: "run pulumi about",
  examples: [["doctor", "before the first up"]],
  async run(context, args) {
    const { values } = readArgs(doctor, args, jsonOption);
    const report = await examineAll(context);
    if (values.json === true) context.out.json(report);
    else context.out.print(render(report));
    return report.ok ? Exit.ok : Exit.failed;
  },
};

async function examineAll(context: Context): Promise<Report> {
  const { paths, environment } = context;
  const stack = stackName(undefined, environment);
  const mode = await libvirtMode(context, stack);
  const toolchain = readPieces(paths, environment) ?? [];
  const whens = new Set<When>([
    ...purposes(context, stack, mode),
    ...(toolchain.length === 0 ? (["build"] as const) : []),
  ]);
  const findings = await Promise.all(requirements.map((requirement) => examine(requirement, environment)));
  const rows = findings.map((finding) => row(finding, whens.has(finding.requirement.when)));
  const line = (wanted: (when: When) => boolean) => {
    const { packages } = remedy(findings.filter(({ requirement }) => wanted(requirement.when)));
    return packages.length > 0 ? aptLine(packages) : undefined;
  };
  const [install, installTests] = [line((when) => whens.has(when)), line((when) => when === "test")];
  const uri = await stackVirshUri(context, stack);
  return {
    ok: rows.every((one) => one.ok || !one.needed) && (mode !== "embedded" || process.getuid?.() === 0),
    requirements: rows,
    ...(install === undefined ? {} : { install }),
    ...(installTests === undefined ? {} : { installTests }),
    toolchain,
    libvirt: {
      ...{ mode, uri, answers: (await virsh(uri, ["uri"], { environment, limit: 5000 })).end === "done" },
      // The embedded libvirt's folders are below .vxlab/libvirt, which only root can enter.
      open: mode === "embedded" ? [] : await openPools(uri, environment),
    },
    accel: kvmWorks() ? "kvm" : "emulation",
    cache: { path: paths.cache, sizes: await sizes(paths.cache), otherVersions: otherVersions(paths) },
  };
}

function row(
  { requirement, ok, path, version, cure }: Finding,
  needed: boolean,
): Report["requirements"][number] {
  const { program, neededFor, when } = requirement;
  return { program, ok, needed, neededFor, when, path, version, ...(ok ? {} : { cure }) };
}

async function sizes(cache: string): Promise<Record<string, string>> {
  if (!existsSync(cache)) return {};
  const folders = readdirSync(cache).filter((name) => statSync(join(cache, name)).isDirectory());
  if (folders.length === 0) return {};
  const text = await must("du", ["-sh", ...folders], { cwd: cache });
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => line.split("\t").reverse() as [string, string]),
  );
}

const sources: Record<Source, string> = {
  installed: "the vendor's, installed on this machine",
  vendor: "the vendor's download",
  built: "built here from Go modules",
  "stand-in": "vxlab's stand-in (packages/pulumi-stand-ins)",
};

function render(report: Report): string {
  const { libvirt, cache } = report;
  const state = libvirt.answers
    ? "answers"
    : libvirt.mode === "embedded"
      ? "not running; `vxlab up` starts it"
      : libvirt.mode === "elsewhere"
        ? "does not answer; for underlays without a libvirtUri only"
        : "does not answer";
  const root =
    libvirt.mode === "embedded" && process.getuid?.() !== 0
      ? "\n  needs root: run vxlab as root, or use a libvirt service"
      : "";
  const pieces = report.toolchain.map((one) => [`  ${one.name}`, one.version, sources[one.source], one.path]);
  return [
    ...requirementLines(report.requirements),
    "\npulumi",
    pieces.length > 0 ? table(pieces) : "  not set up yet: the first `vxlab up` does it",
    `\nlibvirt\n  ${libvirt.mode}: ${libvirt.uri} (${state})${root}`,
    ...libvirt.open.map(
      ({ pool, cure }) =>
        `  OPEN  pool ${pool}: other users can read its private keys; run there as root: ${cure}`,
    ),
    `  machines run with ${report.accel === "kvm" ? "KVM" : "emulation: this machine's KVM is missing or does not work"}`,
    `\ncache ${cache.path}`,
    table(Object.entries(cache.sizes).map(([name, size]) => [`  ${name}`, size])) || "  empty",
    ...(cache.otherVersions.length > 0
      ? [
          `  of other versions: ${cache.otherVersions.join(" ")}\n  delete them there if no other checkout uses them`,
        ]
      : []),
    ...verdict(report),
  ].join("\n");
}

function requirementLines(rows: Report["requirements"]): string[] {
  const lists: [string, (when: When) => boolean][] = [
    ["a lab needs", (when) => when !== "test" && when !== "bench"],
    ["\nonly `vxlab test` needs", (when) => when === "test"],
    ["\nonly the benches need", (when) => when === "bench"],
  ];
  return lists.flatMap(([title, wanted]) => [
    title,
    table(rows.filter(({ when }) => wanted(when)).map(line)),
  ]);
}

function verdict({ ok, install, installTests }: Report): string[] {
  return [
    ok
      ? installTests === undefined
        ? "\nnothing is missing"
        : "\na lab needs nothing more"
      : "\nsomething is missing: see above",
    ...(install === undefined ? [] : [`install everything that a lab needs, as root: ${install}`]),
    ...(installTests === undefined ? [] : [`install what \`vxlab test\` needs, as root: ${installTests}`]),
  ];
}

function line(one: Report["requirements"][number]): string[] {
  const state = one.ok ? "ok" : one.needed ? "MISSING" : "absent";
  const detail = one.ok
    ? `${one.version ?? ""} ${one.path ?? ""}`.trim()
    : `${one.cure} (for ${one.neededFor})`;
  return [`  ${state}`, one.program, detail];
}
