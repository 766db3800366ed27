/** A client and a server, and between them a firewall on one host and a tap on another: what the client sends passes both. */
import { existsSync } from "node:fs";
import { ChainSide, ContainerKind, ImageKind, VxlanLab } from "vxlab";

const archive = "./firewall.tar";
if (!existsSync(archive)) throw new Error("firewall.tar is missing: run sh build.sh as root first");

/** A transparent middle box: two interfaces, no address. */
const box = (host: string, env: Record<string, string> = {}) => ({
  host,
  kind: ContainerKind.Docker,
  archive,
  env,
  interfaces: [{ chain: ChainSide.In }, { chain: ChainSide.Out }],
});

const { lab } = new VxlanLab("lab", {
  topology: {
    image: { kind: ImageKind.Docker },
    hosts: {
      kvm1: { address: "192.168.10.156", memory: 384 },
      kvm2: { address: "192.168.10.222", memory: 384 },
    },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: {
      client: { host: "kvm1", address: "10.0.3.10/24" },
      server: {
        ...{ host: "kvm2", address: "10.0.3.11/24" },
        command: [
          "/bin/sh",
          "-c",
          "mkdir -p /www; echo hello >/www/index.html; httpd -p 80 -h /www; exec httpd -f -p 8080 -h /www",
        ],
      },
      firewall: box("kvm1"),
      tap: box("kvm2", { TAP: "1" }),
    },
    chains: { web: { from: "client", to: "server", through: ["firewall", "tap"] } },
  },
});

export const chains = lab.apply(({ chains = {} }) => Object.keys(chains));
