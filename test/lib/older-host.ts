/** A real host as an older vxlab left it: its files of desired state in the form of then, and what was called otherwise. */
import { expect } from "vitest";
import { PROTOCOL, type Envelope } from "../../guest/protocol";
import { tunnelName } from "../../plan/names";
import type { Guests } from "./guests";

/** On a host. */
const GUEST = "/usr/lib/vxlab/guest";
const DESIRED = "/var/lib/vxlab/desired";

type Fields = Record<string, unknown>;

/** What level 2 sent and kept for this: one flat object, with names of tunnels for every way to flood and no other devices. */
export function ofLevel2(kind: string, line: string, secrets?: string): string {
  const { id, lab, state } = JSON.parse(line) as Envelope;
  return JSON.stringify({ id, lab, ...FORMS[kind]?.(state as unknown as Fields, secrets) });
}

const FORMS: Readonly<Record<string, (state: Fields, secrets?: string) => Fields>> = {
  bridge: (state) => state,
  service: (state) => state,
  port({ bridge, vni, udpPort, local, vlan, flooding, ...state }) {
    const remotes = (state["remotes"] as { address: string }[]).map(({ address }) => ({
      name: tunnelName(vni as number, address),
      address,
    }));
    const { protected: isProtected = true, group = null, ttl = null, mtu = 1450, stations = [] } = state;
    return {
      ...{ bridge, vni, udpPort, local, vlan, flooding, protected: isProtected },
      ...{ group, ttl, mtu, remotes, stations },
    };
  },
  container({ interfaces, ...state }, secrets) {
    return { ...state, ...(secrets === undefined ? {} : (JSON.parse(secrets) as Fields)), interfaces };
  },
};

/** What outlives a migration: containers, port numbers, MACs; ports with their UUIDs and labels; the files of desired state. */
async function lasting(guests: Guests, host: string): Promise<unknown[]> {
  const ports = "ovs-vsctl --columns=_uuid,name,external_ids list port";
  return [await guests.facts(host), await guests.tell(host, ports), await keptBy(guests, host)];
}

/** Its files of desired state by name, as they are. */
async function keptBy(guests: Guests, host: string): Promise<Map<string, string>> {
  const text = await guests.tell(host, `cd ${DESIRED} && for f in *-*.json; do echo "$f $(cat "$f")"; done`);
  return new Map(
    text.split("\n").map((line): [string, string] => [line.replace(/ .*/, ""), line.replace(/^\S+ /, "")]),
  );
}

/** Level 2 kept secrets with the rest. */
export async function leaveAsLevel2(guests: Guests, host: string): Promise<void> {
  const secrets = await guests.tell(
    host,
    `cd /var/lib/vxlab/secrets 2>/dev/null && for f in *; do echo "$f $(cat "$f")"; done || :`,
  );
  const secretOf = new Map(
    secrets.split("\n").map((line) => [line.replace(/ .*/, ""), line.replace(/^\S+ /, "")]),
  );
  const files = [...(await keptBy(guests, host))].map(
    ([name, line]) => `${name} ${ofLevel2(name.replace(/-.*/, ""), line, secretOf.get(name))}\n`,
  );
  const write = 'while IFS= read -r line; do printf "%s\\n" "${line#* }" >"${line%% *}"; done';
  await guests.tell(
    host,
    `cd ${DESIRED} && ${write} && echo 2 >../level && rm -rf ../secrets`,
    60,
    files.join(""),
  );
}

/** Level 1 named files by the step alone, and labelled with the step what belongs to it. For hosts without service and Docker. */
export async function leaveAsLevel1(guests: Guests, host: string): Promise<void> {
  await leaveAsLevel2(guests, host);
  const id = guests.lab.id;
  await guests.tell(
    host,
    `set -e
    cd ${DESIRED}
    rm ../level
    for file in *-${id}-*.json; do mv "$file" "\${file%%-*}-\${file#*-${id}-}"; done
    for table in port interface bridge; do
      for key in vxlab-port vxlab-container; do
        ovs-vsctl --bare --columns=_uuid,external_ids list $table | grep -B 1 "$key=${id}-" | grep -E '^[0-9a-f-]{36}$' |
          while read -r row; do
            step=$(ovs-vsctl get $table $row external_ids:$key | tr -d '"')
            ovs-vsctl set $table $row external_ids:$key="\${step#${id}-}"
          done || :
      done
    done
    rm -f ../containers/*/owner
    sed -i 's/ ${id}-/ /' ../containers/*/ports
    for device in /sys/class/net/vm*; do
      [ ! -e $device ] || sed 's/^vxlab ${id}-/vxlab /' $device/ifalias | tr -d '\\n' >/tmp/alias && cat /tmp/alias >$device/ifalias
    done`,
    120,
  );
}

/** A host that is left as an earlier version left it reads everything at boot, and makes nothing again. */
export async function migrates(
  guests: Guests,
  host: string,
  leave: (guests: Guests, host: string) => Promise<void>,
): Promise<void> {
  const before = await lasting(guests, host);
  await leave(guests, host);
  // The control: tools without the table's line for these levels cannot read what is kept.
  const without = `sed '/level == 2/d' ${GUEST} >/tmp/guest; for f in ${DESIRED}/port-*; do sh /tmp/guest apply port <$f; done`;
  const { stderr } = await guests.ask(host, without);
  expect(stderr).toContain("desired state of version unknown");
  expect((await lasting(guests, host))[0]).toEqual(before[0]);
  await guests.tell(host, `rm /tmp/guest; ${GUEST} boot`, 180);
  expect(await lasting(guests, host)).toEqual(before);
  expect(await guests.tell(host, `cat ${DESIRED}/../level; ${GUEST} drift`)).toBe(`${PROTOCOL}`);
  for (const { desired, found } of await guests.observed(host))
    expect(found).toEqual({ v: desired.v, state: desired.state });
}
