/** The setting `hosts` of an overlay: what is written for the bridges on the hosts of its own underlay. */
import { HOST } from "../components/host/spec";
import type { HostSpec } from "../components/host/spec";
import { literalNumber } from "./addresses";
import { pathOf, sortedEntries } from "./rules";
import type { Problem } from "./problem";
import type { Fields } from "./setting";
import { isMapping, mappingOf, shaped } from "./shape";
import type { VtepOutput, VtepsOutput } from "./vteps";

/** The settings of a host that an overlay decides. */
type OverlayHostSpec = Pick<HostSpec, "bridge" | "bridgeAddress" | "guard">;

const { bridge, bridgeAddress, guard } = HOST;
const overlayHost: Fields<OverlayHostSpec> = { bridge, bridgeAddress, guard };

/** All other settings of a host: the underlay's. */
const UNDERLAY_KEYS = Object.keys(HOST).filter((key) => !(key in overlayHost));

/** Checks shapes and keys. The underlay's keys are accepted, since underlay and overlay may share the hosts in Pulumi.yaml. */
export function checkOverlayHosts(hosts: unknown): Problem[] {
  const given = isMapping(hosts) ? Object.fromEntries(Object.entries(hosts).map(withoutUnderlay)) : hosts;
  const each = { kind: "section", fields: overlayHost, doc: "" } as const;
  return shaped({ kind: "named", each, doc: "" }, given ?? {}, "hosts").problems;
}

function withoutUnderlay([name, host]: [string, unknown]): [string, unknown] {
  if (!isMapping(host)) return [name, host];
  return [name, Object.fromEntries(Object.entries(host).filter(([key]) => !UNDERLAY_KEYS.includes(key)))];
}

/** What an overlay decides of a host; what is not a mapping has been reported. */
export function overlayHostOf(hosts: unknown, name: string): Record<string, unknown> {
  const host = mappingOf(mappingOf(hosts)[name]);
  const own = Object.keys(overlayHost).filter((key) => host[key] !== undefined);
  return Object.fromEntries(own.map((key) => [key, host[key]]));
}

/** One hint for all settings of the underlay in an overlay, where they have no effect. An address that is correct gives no hint. */
export function underlayKeyHints(
  hosts: unknown,
  { stack, vteps }: { stack: string; vteps: VtepsOutput },
): Problem[] {
  const idle = sortedEntries(mappingOf(hosts)).flatMap(([name, host]) =>
    Object.entries(mappingOf(host))
      .filter(
        ([key, got]) => UNDERLAY_KEYS.includes(key) && !(key === "address" && isSame(got, vteps.hosts[name])),
      )
      .map(([key, got]) => ({ path: pathOf("hosts", name, key), got })),
  );
  const [first, ...others] = idle;
  if (first === undefined) return [];
  const more = others.length === 0 ? "" : `, nor do ${others.length} other settings below hosts`;
  const message = `Has no effect here${more}: the underlay stack ${stack} defines its hosts.`;
  return [{ ...first, message, cure: `Write it in the settings of ${stack}, or leave it out.` }];
}

function isSame(got: unknown, vtep: VtepOutput | undefined): boolean {
  return vtep !== undefined && literalNumber(got) === literalNumber(vtep.address);
}
