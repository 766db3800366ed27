/** Every kind of check, in the order in which verdicts are listed. A new check is a file in verify/checks/ and a line here. */
import type { LabOutput } from "../plan/contract";
import type { Check, CheckKind, CheckOptions } from "./check";
import { beyond } from "./checks/beyond";
import { bridge } from "./checks/bridge";
import { connectivity } from "./checks/connectivity";
import { chain } from "./checks/chain";
import { container } from "./checks/container";
import { drift } from "./checks/drift";
import { effect } from "./checks/effect";
import { encryption } from "./checks/encryption";
import { evpn } from "./checks/evpn";
import { foreign } from "./checks/foreign";
import { gateway } from "./checks/gateway";
import { group } from "./checks/group";
import { delay, impairment } from "./checks/impairment";
import { handshake } from "./checks/handshake";
import { isolation } from "./checks/isolation";
import { kept } from "./checks/kept";
import { mtu } from "./checks/mtu";
import { ping } from "./checks/ping";
import { published } from "./checks/published";
import { router } from "./checks/router";
import { service } from "./checks/service";
import { ssh } from "./checks/ssh";
import { tunnel } from "./checks/tunnel";
import { wire } from "./checks/wire";
import { impairedChecks } from "./impaired";

const CHECKS: readonly CheckKind[] = [
  ...[ssh, bridge, encryption, tunnel, group, router, evpn, kept, drift, foreign],
  ...[service, container, impairment],
  ...[handshake, ping, gateway, beyond, delay, effect, mtu, wire, isolation, chain, published, connectivity],
];

export function buildChecks(lab: LabOutput, options: CheckOptions = {}): Check[] {
  return [...stillChecks(lab), ...impairedChecks(lab, checksAbout("packet", lab, options))];
}

/** Those that look and send nothing. */
export function stillChecks(lab: LabOutput): Check[] {
  const ofHosts = checksAbout("host", lab);
  return [
    ...lab.hosts.flatMap(({ name }) => ofHosts.filter(({ host }) => host === name)),
    ...checksAbout("thing", lab),
  ];
}

function checksAbout(about: CheckKind["about"], lab: LabOutput, options: CheckOptions = {}): Check[] {
  return CHECKS.filter((kind) => kind.about === about).flatMap((kind) => kind.of(lab, options));
}

/** Whether a check is among the wanted: by its whole name, its beginning, or any part of it (`mtu`, `c1`, `kvm2`). */
export function isWanted({ name }: Pick<Check, "name">, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  return wanted.some(
    (word) => name === word || name.startsWith(`${word}/`) || name.split("/").includes(word),
  );
}
