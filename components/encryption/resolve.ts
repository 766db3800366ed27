/** Which underlays encrypt, and where the encrypted tunnel of each host ends. */
import { addressText, contains, memberFault } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { IpFamily } from "../../plan/net/family";
import { readSubnet } from "../../plan/read-address";
import type { ResolvedEncryption, ResolvedTunnel, ResolvedUnderlay, Underlays } from "../../plan/resolved";
import { Encryption, UNDERLAY } from "../underlay/spec";
import type { UnderlaySpec } from "../underlay/spec";

/** Undefined: it does not encrypt. @param values the simple ones of its spec */
export function resolveEncryption(
  path: string,
  spec: UnderlaySpec,
  { encryption, keyVersion }: { encryption: Encryption; keyVersion: number },
  said: Findings,
): ResolvedEncryption | undefined {
  if (encryption === Encryption.None) {
    // An unusable word has been reported.
    if (spec.encryption === undefined || spec.encryption === encryption) checkIdle(path, spec, said);
    return undefined;
  }
  const cure = `Write an unused IPv4 network such as ${UNDERLAY.tunnelCidr.default}, or leave it out.`;
  const read = readSubnet(spec.tunnelCidr ?? UNDERLAY.tunnelCidr.default, IpFamily.V4);
  const network = said.take(`${path}.tunnelCidr`, spec.tunnelCidr, read, cure);
  return { keyVersion, ...(network === undefined ? {} : { network }) };
}

function checkIdle(path: string, { tunnelCidr, keyVersion }: UnderlaySpec, said: Findings): void {
  for (const [key, got] of Object.entries({ tunnelCidr, keyVersion })) {
    if (got === undefined) continue;
    const cure = `Write ${path}.encryption: ${Encryption.Wireguard}, or leave it out.`;
    said.say(`${path}.${key}`, got, "Has no effect: this underlay does not encrypt.", cure);
  }
}

/** The underlay that decides whether a host encrypts: the one that it is in; for an existing host outside, the lab's only one. */
function encryptingUnderlay({ written }: Underlays, address: bigint): ResolvedUnderlay | undefined {
  const only = written.length === 1 ? written[0] : undefined;
  return written.find(({ subnet }) => contains(subnet, address)) ?? only;
}

/** The end of a host's encrypted tunnel, by its underlay address; undefined: it has none. */
export function resolveTunnel(
  underlays: Underlays,
  at: { path: string; got: unknown; address: bigint },
  said: Findings,
): ResolvedTunnel | undefined {
  const underlay = encryptingUnderlay(underlays, at.address);
  if (underlay?.encryption === undefined) return undefined;
  const { network, keyVersion } = underlay.encryption;
  if (network === undefined) return undefined;
  const address = insideOf(network, at.address);
  const fault = memberFault(network, address);
  if (fault !== undefined) {
    const message = `Its address in the encrypted tunnel would be ${addressText(address)} (the last bits of this address, in ${network.cidr}), which ${lower(fault)}`;
    const cure = `Give the host another address, or write ${underlay.path}.tunnelCidr with another prefix length.`;
    said.say(at.path, at.got, message, cure);
  }
  return { address, keyVersion };
}

/** The last bits of an underlay address in the tunnels' network: a host that joins changes no other host's address. */
function insideOf({ first, last }: Subnet, address: bigint): bigint {
  return first + (address & (last - first));
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
