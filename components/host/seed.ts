/**
 * The seed disk of a machine, in cloud-init's NoCloud form. JSON is YAML, so that cloud-init reads it in a stock
 * cloud image and awk in our own (docs: cloudinit.readthedocs.io, "NoCloud", "Networking config Version 2").
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
  /** Default route; none if the underlay is isolated. */
  gateway?: string;
  /** Addresses of name servers; empty: none. */
  nameservers: readonly string[];
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
    // lxc-net would make a bridge with 10.0.3.1/24, which is the network of the reference lab.
    write_files: [{ path: "/etc/default/lxc-net", content: 'USE_LXC_BRIDGE="false"\n' }],
    // What a stock image lacks; cloud-init asks the network only for what is missing.
    packages: [
      ...["openvswitch-switch", "lxc", "busybox-static", "dnsmasq-base", "nftables"],
      ...["tcpdump", "ethtool", "iperf3"],
    ],
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
        // Not "default": cloud-init 22.4 reads it as an address, and then configures nothing.
        ...(input.gateway === undefined ? {} : { routes: [{ to: "0.0.0.0/0", via: input.gateway }] }),
        ...(input.nameservers.length === 0 ? {} : { nameservers: { addresses: input.nameservers } }),
      },
    },
  };
}
