/** The versions whose states are recorded, the oldest first. A release adds its own (CONTRIBUTING.md). */

export interface Version {
  /** What its hosts and states are like. */
  what: string;
  /** Pings of five a second that the first `up` may lose between two hosts: CHANGELOG.md says why. */
  mayLose: number;
}

export const VERSIONS: Readonly<Record<string, Version>> = {
  // Bridges change their fail mode when they get port security: one or two seconds each.
  b044a85: { what: "contract 1: before ids, host guard and port security", mayLose: 20 },
  "0d79de3": { what: "contract 2: ids and host guard", mayLose: 0 },
  "0c8fbd4": { what: "contract 3: states in envelopes", mayLose: 0 },
  ab6678e: { what: "contract 3: with an underlay and an overlay", mayLose: 0 },
};
