/** A stack's state without what is on one host. Pure. */
import { foundInState, isMachine, isOn } from "../changes/on-hosts";
import type { StateResource } from "./stack";

interface Kept extends StateResource {
  propertyDependencies?: Record<string, string[] | null>;
}

/** What `pulumi stack export` writes; all else in it stays as it is. */
export interface ExportedState {
  deployment: {
    resources?: Kept[];
    pending_operations?: { resource: { urn: string } }[];
  };
}

export interface Forgotten {
  state: ExportedState;
  /** URNs of what was removed, in the order of the state. */
  urns: string[];
  /** A machine of this stack: `up` deletes it without connecting to it, so nothing was removed from the state. */
  machine: boolean;
}

/** Removes the existing host of that name and what is on it. If another resource depends on one of these, the dependency is removed too. */
export function withoutHost(state: ExportedState, host: string): Forgotten {
  const { deployment } = state;
  const all = deployment.resources ?? [];
  const found = foundInState(all);
  if (found.some((one) => isMachine(one, host))) return { state, urns: [], machine: true };
  const gone = new Set(found.filter((one) => isOn(one, host)).map(({ urn }) => urn));
  // A parent is before its children (pkg/resource/deploy/snapshot.go, VerifyIntegrity).
  for (const { urn, parent = "" } of all) if (gone.has(parent)) gone.add(urn);
  const resources = all.filter(({ urn }) => !gone.has(urn)).map((one) => unlinked(one, gone));
  const pending = deployment.pending_operations?.filter(({ resource }) => !gone.has(resource.urn));
  return {
    state: {
      ...state,
      deployment: {
        ...deployment,
        resources,
        ...(pending === undefined ? {} : { pending_operations: pending }),
      },
    },
    urns: [...gone],
    machine: false,
  };
}

function unlinked(one: Kept, gone: ReadonlySet<string>): Kept {
  const left = (urns: string[]): string[] => urns.filter((urn) => !gone.has(urn));
  const { dependencies, propertyDependencies } = one;
  return {
    ...one,
    ...(dependencies === undefined ? {} : { dependencies: left(dependencies) }),
    ...(propertyDependencies === undefined
      ? {}
      : {
          propertyDependencies: Object.fromEntries(
            Object.entries(propertyDependencies).map(([key, urns]) => [key, left(urns ?? [])]),
          ),
        }),
  };
}
