/**
 * The rules as a policy pack: `pulumi preview --policy-pack policy`.
 *
 * Resources are checked as they are declared, since only then are their inputs available: at the end the engine gives outputs only, without
 * a component's inputs. So each rule runs again with every resource that concerns it, and a new message is reported for that resource.
 */
import { PolicyPack, ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import * as rules from "./rules";
import { UNDERLAY } from "../components/underlay/spec";

const CONCERNED = /^(vxlab:index:|libvirt:index\/domain:|command:remote:)/;

/** By URN, since a resource may be checked twice. */
const declared = new Map<string, rules.Declared>();

type Choose = (args: ResourceValidationArgs) => rules.Rule;

function policy(
  name: string,
  description: string,
  choose: Choose,
  configSchema?: ResourceValidationPolicy["configSchema"],
): ResourceValidationPolicy {
  const told = new Set<string>();
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    ...(configSchema === undefined ? {} : { configSchema }),
    validateResource(args, report) {
      if (!CONCERNED.test(args.type)) return;
      const { type, urn } = args;
      declared.set(urn, { type, name: args.name, inputs: known(args.props) as rules.Declared["inputs"] });
      for (const fault of choose(args)([...declared.values()])) {
        if (!told.has(fault)) report(fault);
        told.add(fault);
      }
    },
  };
}

/** A copy without values that are unknown in a preview: reading such a value throws. */
function known(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const keys = Array.isArray(value) ? [...value.keys()].map(String) : Object.keys(value);
  const entries = keys.map((key): [string, unknown] => {
    try {
      return [key, known((value as Record<string, unknown>)[key])];
    } catch {
      return [key, undefined];
    }
  });
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}

const { mtu } = UNDERLAY;

new PolicyPack("vxlab", {
  policies: [
    policy("unique-vni", "A VNI belongs to one segment of one lab.", () => rules.uniqueVni),
    policy("unique-vtep", "A VTEP address belongs to one host.", () => rules.uniqueVtep),
    policy("unique-mac", "A MAC address belongs to one interface.", () => rules.uniqueMac),
    policy(
      "mtu-fits",
      "A packet of a segment fits into the underlay with its VXLAN header.",
      (args) => rules.mtuFits(args.getConfig<{ underlayMtu?: number }>().underlayMtu ?? mtu.default),
      {
        properties: {
          underlayMtu: { type: "integer", minimum: mtu.min, maximum: mtu.max, default: mtu.default },
        },
      },
    ),
    policy(
      "host-key-pinned",
      "No command is sent to a host whose key is not pinned.",
      () => rules.hostKeyPinned,
    ),
    policy(
      "private-underlay",
      "VXLAN, which is not encrypted, stays within private networks.",
      (args) => rules.privateUnderlay(args.getConfig<{ allowed?: string[] }>().allowed ?? []),
      { properties: { allowed: { type: "array", items: { type: "string" }, default: [] } } },
    ),
  ],
});
