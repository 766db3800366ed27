/**
 * Names of Pulumi resources that are made from two settings, so that two pairs may give the same name: host site with segment a-lan, and
 * host site-a with segment lan. All other names are made from one setting and a fixed word. A test holds this to what components/ declare.
 */
import { servicesOf } from "../components/service/of-segment";
import type { Problem } from "./problem";
import type { ResolvedLab, ResolvedSegment } from "./resolved";
import { pathOf } from "./rules";
import { acrossSections } from "./sections";

/** Of a resource below the lab's component, whose own name comes before it with a `-`. */
export interface ResourceName {
  /** Class of the component (components/naming.ts, `token`): names of different classes do not collide. */
  type: string;
  name: string;
  host: string;
  /** The setting beside the host that is in the name. */
  path: string;
  got: string;
  /** What has such a setting, in the plural. */
  things: string;
}

export function resourceNames(lab: ResolvedLab): ResourceName[] {
  const { hosts, segments } = lab;
  return [
    ...hosts.map(({ name: host, bridge: got }): ResourceName => ({
      ...{ type: "OvsBridge", name: `${host}-${got}`, host, path: pathOf("hosts", host, "bridge"), got },
      things: "bridges",
    })),
    ...segments.flatMap(({ name, names }) => names.map((host) => portName(host, name))),
    ...segments.flatMap(serviceName),
    ...acrossSections((section, things) =>
      section.resources?.(lab).map(({ type, name: got, host }): ResourceName => ({
        ...{ type, name: `${host}-${got}`, host, path: pathOf(things, got), got, things },
      })),
    ),
  ];
}

function portName(host: string, got: string): ResourceName {
  return {
    type: "VxlanPort",
    name: `${host}-${got}`,
    host,
    path: pathOf("segments", got),
    got,
    things: "segments",
  };
}

function serviceName(segment: ResolvedSegment): ResourceName[] {
  const { name: got } = segment;
  return servicesOf(segment).map(({ host }) => ({
    ...portName(host, got),
    type: "SegmentService",
    name: `${host}-${got}-service`,
  }));
}

/** Pulumi requires unique names for each type; its error "Duplicate resource URN" does not name the settings. */
export function checkResourceNames(lab: ResolvedLab): Problem[] {
  const owners = new Map<string, ResourceName>();
  const said = new Set<string>();
  return resourceNames(lab).flatMap((one) => {
    const { type, name, host, path, got, things } = one;
    const key = `${type} ${name}`;
    const owner = owners.get(key);
    if (owner === undefined) owners.set(key, one);
    // A segment that collides by its port does so by its service as well.
    if (owner === undefined || said.has(path)) return [];
    said.add(path);
    const hosts = [pathOf("hosts", host), pathOf("hosts", owner.host)] as const;
    const message = `Its resource on ${hosts[0]} would be named ${name}, as is already the resource of ${owner.path} on ${hosts[1]}.`;
    return [{ path, got, message, cure: `Rename one of the two hosts or one of the two ${things}.` }];
  });
}
