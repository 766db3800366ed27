import { overlap, readSubnet } from "./addresses";
import type { Subnet } from "./addresses";
import { underlayOf } from "./defaults";
import { MAX_UNDERLAY_MTU, MIN_UNDERLAY_MTU } from "./mtu";
import { checkChoice, checkInteger } from "./rules";
import { ImageKind, UnderlayMode } from "./types";
import type { Problem, Topology } from "./types";

/** The underlay as a subnet; undefined when it is not one, which is then reported here and nowhere else. */
export function underlaySubnet(topology: Topology): Subnet | undefined {
  return readSubnet(underlayOf(topology).cidr).value;
}

export function checkUnderlay(topology: Topology): Problem[] {
  const { cidr, mtu, mode } = underlayOf(topology);
  const { fault } = readSubnet(cidr);
  const cure = "Write an IPv4 network such as 192.168.10.0/24, or leave it out.";
  const range = { min: MIN_UNDERLAY_MTU, max: MAX_UNDERLAY_MTU, unit: "bytes" };
  return [
    ...(fault === undefined
      ? []
      : [{ path: "underlay.cidr", got: topology.underlay.cidr, message: fault, cure }]),
    ...checkInteger("underlay.mtu", mtu, range),
    ...checkChoice("underlay.mode", mode, Object.values(UnderlayMode)),
  ];
}

export function checkImage(topology: Topology): Problem[] {
  const { kind, path: got } = topology.image;
  const path = "image.path";
  const wrong = checkChoice("image.kind", kind, Object.values(ImageKind));
  if (got === undefined && kind === ImageKind.Cloud) {
    const cure = "Give the path of a qcow2 file on the machine where Pulumi runs.";
    return [...wrong, { path, got, message: "Is missing, and a cloud image is not built here.", cure }];
  }
  const usable = got === undefined || (typeof got === "string" && got !== "" && !got.includes("\0"));
  if (usable) return wrong;
  return [
    ...wrong,
    { path, got, message: "Is not the path of a file.", cure: "Give the path of a qcow2 file." },
  ];
}

/** The one sentence for anything of the overlay that reaches into the underlay. */
export function underlayClash(topology: Topology, path: string, got: unknown, subnet: Subnet): Problem[] {
  const underlay = underlaySubnet(topology);
  if (underlay === undefined || !overlap(underlay, subnet)) return [];
  const message = `Overlaps the underlay ${underlay.cidr}: the host could not tell tunnel from overlay.`;
  return [{ path, got, message, cure: "Choose a network outside it, for example in 10.0.0.0/8." }];
}
