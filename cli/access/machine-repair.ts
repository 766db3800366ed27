/**
 * Repairs those faults of a lab's machines that no resource repairs: taps, networks that were stopped, and definitions that were removed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { undefineWords, virsh } from "../../components/libvirt/virsh";
import type { Options } from "../../components/libvirt/virsh";
import { run } from "../../system/process";
import type { StateResource } from "../state/stack";
import type { MachineFault, Near } from "./machine-drift";
import { networkXml } from "./network-xml";

interface Repaired {
  /** One line for each fault that was repaired, and for each that cannot be. */
  done: string[];
  left: string[];
  /** Domains that only the engine can create again. */
  lost: string[];
}

/**
 * Networks first, since taps are on their bridges.
 *
 * @param state in which the networks are as they were made
 */
export async function replug(
  faults: readonly MachineFault[],
  near: Near,
  state: readonly StateResource[],
  options: Options = {},
): Promise<Repaired> {
  const isKnown = ({ network = "" }: MachineFault) => networkXml(state, network) !== undefined;
  const lost = faults.filter(
    (one) =>
      ["undefined", "disk", "image"].includes(one.what) || (one.what === "no network" && !isKnown(one)),
  );
  const repaired: Repaired = { done: [], left: [], lost: [...new Set(lost.map(({ domain }) => domain))] };
  const note: Note = (fault, good, bad) =>
    void (fault === undefined ? repaired.done.push(good) : repaired.left.push(`${bad}: ${fault}`));
  await networksAgain(faults, state, note, options);
  await withoutDisk(faults, note, options);
  for (const { what, uri, host, domain, tap = "", bridge = "" } of faults) {
    if (what === "transient")
      note(
        await defined(uri, { kind: "", name: domain }, options),
        `${host}: machine ${domain} was not defined, and has been defined again`,
        `${host}: machine ${domain} cannot be defined again`,
      );
    if (!["tap", "network", "no network"].includes(what) || tap === "") continue;
    note(
      await plug(near(uri), tap, bridge),
      `${host}: tap ${tap} is back on the bridge ${bridge}`,
      `${host}: tap ${tap} cannot be put on the bridge ${bridge}`,
    );
  }
  return repaired;
}

type Note = (fault: string | undefined, good: string, bad: string) => void;

async function networksAgain(
  faults: readonly MachineFault[],
  state: readonly StateResource[],
  note: Note,
  options: Options,
): Promise<void> {
  for (const [network, { uri, what }] of byNetwork(faults)) {
    if (what === "network")
      note(
        await started(uri, network, options),
        `network ${network} was stopped, and has been started`,
        `network ${network} cannot be started`,
      );
    const xml = what === "no network" ? networkXml(state, network) : undefined;
    if (what === "transient network" || xml !== undefined)
      note(
        await defined(uri, { kind: "net-", name: network, xml }, options),
        `network ${network} was not defined, and has been defined again`,
        `network ${network} cannot be defined again`,
      );
  }
}

/**
 * Removes machines that have lost a disk: the provider's refresh fails on them ("error retrieving volume for disk"), and so does their next start.
 */
async function withoutDisk(faults: readonly MachineFault[], note: Note, options: Options): Promise<void> {
  const about = new Map(faults.flatMap((fault) => (fault.what === "disk" ? [[fault.domain, fault]] : [])));
  for (const [domain, { host, uri }] of about) {
    await virsh(uri, ["destroy", domain], options); // fails when it does not run
    const { end, why } = await virsh(uri, undefineWords(domain), options);
    note(
      end === "done" ? undefined : why,
      `${host}: machine ${domain} has lost a volume: it was removed, and is recreated`,
      `${host}: machine ${domain} has lost a volume and cannot be removed`,
    );
  }
}

/** One fault for each network. */
function byNetwork(faults: readonly MachineFault[]): Map<string, MachineFault> {
  const about = faults.filter(({ what, network }) => network !== undefined && /network/.test(what));
  return new Map(about.map((fault) => [fault.network ?? "", fault]));
}

/** Returns the reason when it fails. */
async function started(uri: string, network: string, options: Options): Promise<string | undefined> {
  const { end, why } = await virsh(uri, ["net-start", network], options);
  return end === "done" ? undefined : why;
}

interface Definition {
  /** The prefix of virsh's commands for it. */
  kind: "" | "net-";
  name: string;
  /** The definition of one that is not running and has to be started too. @default that of the running one */
  xml?: string;
}

/** Makes a domain or network persistent, and starts it with its hypervisor (autostart). */
async function defined(
  uri: string,
  { kind, name, xml }: Definition,
  options: Options,
): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "vxlab-"));
  try {
    const running = xml ?? (await virsh(uri, [`${kind}dumpxml`, name], options)).stdout;
    writeFileSync(join(folder, "definition.xml"), running);
    const steps = [
      [`${kind}define`, join(folder, "definition.xml")],
      ...(xml === undefined ? [] : [[`${kind}start`, name]]),
      [`${kind}autostart`, name],
    ];
    for (const words of steps) {
      const { end, why } = await virsh(uri, words, options);
      if (end !== "done") return why;
    }
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function plug(
  words: readonly string[] | undefined,
  tap: string,
  bridge: string,
): Promise<string | undefined> {
  if (words === undefined)
    return "its hypervisor is another computer. There, as root: ip link set dev " + `${tap} master ${bridge}`;
  const [program = "ip", ...args] = [...words, "ip", "link", "set", "dev", tap, "master", bridge];
  const { code, stderr } = await run(program, args, { timeout: 10 });
  return code === 0 ? undefined : stderr.trim();
}
