import { child } from "../naming";
import type { DeclaredGround, DeclaredSection } from "../lab/section";
import type { DeclaredHost } from "../lab/parts";
import type { ImpairmentPlan } from "./planned";
import { Impairment } from "./component";
import { impairmentArgs } from "./places";

type ByHost = Record<string, Impairment>;

/** Declares the section `impairments`: a resource on each host of an impairment, before any container. */
export const impairments: DeclaredSection<Record<string, ByHost>> = {
  follows: () => () => false,
  declare: (name, plan, ground) =>
    Object.fromEntries(plan.impairments.map((one) => [one.name, declareOne(name, one, ground)])),
};

function declareOne(name: string, plan: ImpairmentPlan, ground: DeclaredGround): ByHost {
  const on = ({ plan: { name: host } }: DeclaredHost) => plan.places.filter((place) => place.host === host);
  const hosts = ground.hosts.filter((host) => on(host).length > 0);
  return Object.fromEntries(
    hosts.map((target) => {
      const {
        plan: { name: hostName, address: local },
        host: { connection, inside },
        bridge: { bridge },
      } = target;
      const placement = { host: connection, hostName, labId: ground.labId, bridge };
      const args = { ...placement, ...impairmentArgs(plan, on(target)), local };
      const opts = { parent: ground.parent, ...inside };
      return [hostName, new Impairment(child(child(name, hostName), plan.name), args, opts)];
    }),
  );
}
