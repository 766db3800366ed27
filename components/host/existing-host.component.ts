import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { keyFilePath } from "./resolve-existing";
import type { HostNeed } from "../../plan/types";
import type { HostConnectionArgs } from "../guest-step";
import { checkStep } from "./check-step.component";
import { child, token } from "../naming";
import { setContext } from "./context.component";
import { UNDERLAY } from "../underlay/spec";
import { EXISTING } from "./spec";

/**
 * Where an existing host is, and how SSH logs in to it.
 *
 * @example
 * ```ts
 * const args: ExistingHostArgs = { address: "172.20.0.5", hostKey: "ssh-ed25519 AAAA…", privateKey: loginKey("~/.ssh/id") };
 * ```
 */
export interface ExistingHostArgs {
  /** Underlay address and VTEP: an IP literal. */
  address: pulumi.Input<string>;
  /** The host's public SSH key, one authorized_keys line: /etc/ssh/ssh_host_ed25519_key.pub. */
  hostKey: pulumi.Input<string>;
  /** OpenSSH private key that may log in; kept as a secret. */
  privateKey: pulumi.Input<string>;
  /** Where SSH answers. @default the VTEP's address */
  sshAddress?: pulumi.Input<string>;
  /** TCP port of SSH. @default 22 */
  port?: pulumi.Input<number>;
  /** Needs root's rights (uid 0). @default "root" */
  user?: pulumi.Input<string>;
  /** Longest wait for SSH to answer, seconds. Short, since the host exists already, and a refused key is also retried. @default 30 */
  bootTimeout?: pulumi.Input<number>;
  /** Largest IP packet that the VTEP's interface has to take, bytes; with a smaller MTU the host is refused. @default 1500 */
  mtu?: pulumi.Input<number>;
  /**
   * Other VTEPs of its segments: the MTU is checked on the interfaces by which the routes to these leave.
   * @default checked on the VTEP's interface, or on the default route's if the VTEP is on lo
   */
  peers?: pulumi.Input<pulumi.Input<string>[]>;
  /** What it must be able to do, beyond bridges, unicast tunnels and LXC. @default none */
  needs?: pulumi.Input<pulumi.Input<HostNeed>[]>;
  /** The lab's id, for what is put on the host. @default whatever is put there has its own `labId` */
  labId?: pulumi.Input<string>;
}

/** Not a field of the component, which would show it twice. */
const loginKeys = new WeakMap<ExistingHost, pulumi.Output<string>>();

/**
 * A machine that exists already and is reached by SSH: vxlab does not create it, and each thing on it is removed by its own `remove`.
 * Before anything is put there, a check asks whether it has Open vSwitch, LXC and what `needs` lists (guest/host/prepare.sh installs
 * these), and whether the VTEP's interface takes packets of `mtu`.
 *
 * @example
 * ```ts
 * const server = new ExistingHost("server", {
 *   labId: "e0a1",
 *   address: "172.20.0.5",
 *   hostKey: "ssh-ed25519 AAAA…",
 *   privateKey: loginKey("~/.ssh/id_ed25519"),
 * });
 * const { bridge } = new OvsBridge("server-vxbr", { host: server });
 * ```
 */
export class ExistingHost extends pulumi.ComponentResource implements HostConnectionArgs {
  /** Underlay address and VTEP. */
  public readonly address: pulumi.Output<string>;
  /** Public SSH host key, one authorized_keys line. */
  public readonly hostKey: pulumi.Output<string>;
  /** How its guest steps reach it, once it has passed the check; holds the login key, a secret. */
  public readonly connection: pulumi.Output<HostConnectionArgs>;

  constructor(name: string, args: ExistingHostArgs, opts?: pulumi.ComponentResourceOptions) {
    const { privateKey, bootTimeout, labId, ...shown } = args;
    super(token("ExistingHost"), name, shown, opts);
    this.address = pulumi.output(args.address);
    this.hostKey = pulumi.output(args.hostKey);
    const reach = {
      address: args.sshAddress ?? args.address,
      port: args.port ?? EXISTING.port.default,
      user: args.user ?? EXISTING.user.default,
      hostKey: args.hostKey,
      privateKey: pulumi.secret(privateKey),
      bootTimeout: bootTimeout ?? 30,
    };
    const asked = {
      vtep: args.address,
      mtu: args.mtu ?? UNDERLAY.mtu.default,
      peers: args.peers ?? [],
      needs: args.needs ?? [],
    };
    const check = checkStep(child(name, "check"), reach, asked, { parent: this });
    // The check's id makes every step wait for it.
    this.connection = pulumi.output({ ...reach, labId, vtep: args.address, checked: check.id });
    loginKeys.set(this, reach.privateKey);
    const { connection, inside } = this;
    setContext(this, { connection, hostName: name, labId, inside });
    this.registerOutputs({ address: this.address, hostKey: this.hostKey });
  }

  /** OpenSSH private key that may log in; a secret. */
  get privateKey(): pulumi.Output<string> {
    return loginKeys.get(this) as pulumi.Output<string>;
  }

  /** Options for resources on this host: none, since deleting the host deletes nothing on it. */
  get inside(): pulumi.ComponentResourceOptions {
    return {};
  }
}

/**
 * Reads a private key from a file where Pulumi runs.
 *
 * @param file `~/` stands for the home of the user who runs Pulumi
 * @throws Error that names the file, when it cannot be read or holds no private key
 * @example
 * ```ts
 * const privateKey = loginKey("~/.ssh/id_ed25519");
 * ```
 */
export function loginKey(file: string): pulumi.Output<string> {
  const path = keyFilePath(file, homedir());
  const text = read(path);
  if (text?.includes("PRIVATE KEY-----")) return pulumi.secret(text);
  const what = text === undefined ? "cannot be read" : "is not a private key";
  throw new pulumi.RunError(`${path} ${what}. Set existing.keyFile to a private key that the host accepts.`);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
