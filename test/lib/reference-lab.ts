/** What test/lab/reference.test.ts and test/long/reference.test.ts share. */
import { expect } from "vitest";
import { change } from "./changes";
import type { Guests } from "./guests";
import { good, type Project } from "./project";

interface Deployer {
  /** Adds these settings to those so far. */
  configure: (changes: Record<string, unknown>) => void;
  /** The same, and deploys. Returns what the engine did. */
  deploy: (changes: Record<string, unknown>) => Promise<string[]>;
}

export function deployer(lab: () => Project): Deployer {
  let settings: Record<string, unknown> = {};
  const configure = (changes: Record<string, unknown>) => {
    settings = { ...settings, ...changes };
    lab().configure(settings);
  };
  const deploy = async (changes: Record<string, unknown>) => {
    configure(changes);
    const up = await change(lab(), ["up"], { timeout: 600 });
    good(up);
    return up.steps;
  };
  return { configure, deploy };
}

/** @param mtu of c1's interface, bytes */
export async function expectExactly(guests: Guests, mtu: number): Promise<void> {
  const payload = mtu - 20 - 8; // -s counts what is after the headers of IPv4 and ICMP
  const fits = await guests.ping("c1", `-M do -c 2 -s ${payload} 10.0.3.11`);
  expect(good(fits)).toContain(" 2 received, 0% packet loss");
  const longer = await guests.ping("c1", `-M do -c 2 -s ${payload + 1} 10.0.3.11`);
  expect(longer.stdout + longer.stderr).toContain(`message too long, mtu=${mtu}`);
  expect(longer.code).not.toBe(0);
}
