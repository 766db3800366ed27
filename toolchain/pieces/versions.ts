import { versions as standIns } from "../../packages/pulumi-stand-ins/src/versions";

/** The pinned versions of what the set-up lays out. */
export const versions = {
  ...standIns,
  /** Downloaded or built. The bridge's Go module asks for it; programs use the SDK of `pulumi`. */
  cli: "3.256.0",
  bridge: "1.1.0",
  libvirt: "0.8.3",
  yaml: "1.38.1",
};
