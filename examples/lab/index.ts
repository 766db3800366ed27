/** Two machines, one segment, a container on each. Everything else is decided by the package. */
import { VxlanLab } from "vxlab";

export const { lab } = new VxlanLab("demo", {
  topology: {
    hosts: { kvm1: { address: "192.168.10.11" }, kvm2: { address: "192.168.10.12" } },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: { c1: { host: "kvm1" }, c2: { host: "kvm2" } },
  },
});
