/** The kinds of things on a host, in the order in which they are declared and booted, and the scripts of each. */
export const THINGS = {
  bridge: ["components/bridge/guest.sh"],
  port: ["components/segment/guest.sh", "components/segment/group.sh"],
  service: ["guest/nft.sh", "components/service/guest.sh"],
  container: [
    "components/container/guest.sh",
    "components/container/kinds/lxc/guest.sh",
    "components/container/kinds/lxc/root.sh",
    "components/container/kinds/docker/guest.sh",
    "components/container/kinds/docker/start.sh",
    "components/container/kinds/docker/image.sh",
  ],
} as const;

export type StepKind = keyof typeof THINGS;
