/**
 * The seed disk of a machine, in cloud-init's NoCloud form. JSON is YAML, so that cloud-init reads it in a stock
 * cloud image and jq in our own (docs: cloudinit.readthedocs.io, "NoCloud", "Networking config Version 2").
 */
export interface SeedInput {
  host: string;
  /** Underlay address, without prefix length. */
  address: string;
  /** Prefix length of the underlay, bits. */
  prefix: number;
  mac: string;
  /** MTU of the underlay interface, bytes. */
  mtu: number;
  /** Default route; none when the underlay leads nowhere. */
  gateway?: string;
  /** SSH host key: OpenSSH private key, and its public line. */
  hostKey: { privateKeyOpenSsh: string; publicKeyLine: string };
  /** Public key that may log in as root. */
  loginKey: string;
}

export interface Seed {
  userData: string;
  metaData: string;
  networkConfig: string;
}

export function renderSeed(input: SeedInput): Seed {
  return {
    userData: "#cloud-config\n" + JSON.stringify(userData(input)) + "\n",
    metaData: JSON.stringify({ "instance-id": `vxlab-${input.host}`, "local-hostname": input.host }) + "\n",
    networkConfig: JSON.stringify(networkConfig(input)) + "\n",
  };
}

function userData(input: SeedInput): object {
  return {
    hostname: input.host,
    fqdn: input.host,
    disable_root: false,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_genkeytypes: [],
    ssh_keys: {
      ed25519_private: input.hostKey.privateKeyOpenSsh,
      ed25519_public: input.hostKey.publicKeyLine,
    },
    users: [{ name: "root", lock_passwd: true, ssh_authorized_keys: [input.loginKey] }],
    // What a stock image lacks; cloud-init asks the network only for what is missing.
    packages: ["openvswitch-switch", "lxc", "jq", "busybox-static", "tcpdump", "ethtool", "iperf3"],
  };
}

function networkConfig(input: SeedInput): object {
  return {
    version: 2,
    ethernets: {
      eth0: {
        match: { macaddress: input.mac },
        "set-name": "eth0",
        addresses: [`${input.address}/${input.prefix}`],
        mtu: input.mtu,
        ...(input.gateway === undefined ? {} : { routes: [{ to: "default", via: input.gateway }] }),
      },
    },
  };
}
