import type { ExistingPlan, HostPlan, Topology } from "../../plan/types";

/** The lab of Pulumi.yaml, which a test holds equal to it. Fresh at each call, so that no test can spoil another. */
export function reference(): Topology {
  return {
    underlay: { cidr: "192.168.10.0/24", mtu: 1500, mode: "isolated" as never },
    image: { kind: "golden" as never },
    hosts: {
      kvm1: { address: "192.168.10.156", bridgeAddress: "10.1.2.10/24" },
      kvm2: { address: "192.168.10.222", bridgeAddress: "10.1.2.11/24" },
    },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: {
      c1: { host: "kvm1", address: "10.0.3.10/24" },
      c2: { host: "kvm2", address: "10.0.3.11/24" },
    },
  };
}

type Data = Record<string, unknown>;

/** The reference lab with a fragment laid over it; `undefined` takes a setting away. */
export function referenceWith(fragment: object): Topology {
  return merged(reference() as unknown as Data, fragment as Data) as unknown as Topology;
}

function merged(base: Data, over: Data): Data {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const old = Object.hasOwn(base, key) ? base[key] : undefined;
    if (value === undefined) delete result[key];
    else result[key] = isData(old) && isData(value) ? merged(old, value) : value;
  }
  return result;
}

function isData(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Writing to a frozen object throws in a module, so a planner that mutates its input fails. */
export function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}

/** How a planned host is reached, if it exists already. */
export function existingOf(host: HostPlan | undefined): ExistingPlan | undefined {
  return host?.kind === "existing" ? host.existing : undefined;
}
