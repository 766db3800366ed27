import { versions as standIns } from "../../packages/pulumi-stand-ins/src/versions";

/** The pinned versions of what the set-up lays out. */
export const versions = {
  ...standIns,
  bridge: "1.1.0",
  libvirt: "0.8.3",
  /** The provider as it is built here: raise the suffix when go/mend.ts changes. */
  libvirtBuild: "0.8.3-2",
  yaml: "1.38.1",
};
