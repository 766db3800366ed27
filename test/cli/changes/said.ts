/** Events as the engine writes them, and what is said of them. */
import { changesOf } from "../../../cli/changes/changes";
import { editsOf } from "../../../cli/changes/edits";
import { changesText } from "../../../cli/changes/text";
import type { EngineEvent } from "../../../cli/engine/events";

export type Inputs = Record<string, unknown>;

/** As the engine tells a secret (sdk/go/common/resource, SigKey), and what it does not know yet. */
export const SECRET = {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext: "[secret]",
};
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const urnOf = (type: string, name: string): string =>
  `urn:pulumi:lab::vxlab::vxlab:index:VxlanLab$${type}::${name}`;

export function event(
  op: string,
  type: string,
  name: string,
  old?: Inputs,
  now?: Inputs,
  parent = "",
): EngineEvent {
  const state = (inputs: Inputs) => ({ type, parent, inputs });
  const states = {
    ...(old === undefined ? {} : { old: state(old) }),
    ...(now === undefined ? {} : { new: state(now) }),
  };
  return { resourcePreEvent: { metadata: { op, urn: urnOf(type, name), ...states } } };
}

export const said = (...events: EngineEvent[]): string[] =>
  changesText({ changes: changesOf(editsOf(events)), unchanged: 0 }, false)
    .split("\n")
    .filter((line) => line !== "");

export const HOST = "vxlab:index:KvmHost";
export const DOMAIN = "libvirt:index/domain:Domain";
export const PORT = "vxlab:index:VxlanPort";
export const LXC = "vxlab:index:LxcContainer";
export const DOCKER = "vxlab:index:DockerContainer";
export const STEP = "command:remote:Command";

export const kvm = (name: string, more: Inputs = {}): Inputs => ({
  hostName: name,
  address: `192.168.10.${name.slice(3)}/24`,
  memory: 256,
  vcpus: 1,
  ...more,
});
export const port = (host: string, more: Inputs = {}): Inputs => ({
  hostName: host,
  segment: "red",
  vni: 100,
  flooding: "unicast",
  remotes: [],
  ...more,
});
export const nic = (address: string, more: Inputs = {}): Inputs => ({
  addresses: [address],
  mac: "02:00:00:00:00:01",
  veth: "v",
  mtu: 1450,
  ...more,
});
export const box = (name: string, host: string, more: Inputs = {}): Inputs => ({
  container: name,
  hostName: host,
  interfaces: [nic("10.0.3.10/24")],
  ...more,
});

export const hop = (name: string, host: string): Inputs => ({ hop: name, hostName: host });
export const web = (through: Inputs[], more: Inputs = {}): Inputs => ({
  ...{ chain: "web-db", from: hop("c1", "kvm1"), through, to: hop("c2", "kvm2"), failure: "closed" },
  ...more,
});
