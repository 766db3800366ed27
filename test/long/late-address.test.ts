/** An existing host whose VTEP comes by DHCP, long after its boot: gateway, group and guard are on the interface that has it then. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { lend } from "../lib/lender";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { hangUp } from "../lib/shared-ssh";
import { within } from "../lib/wait";
import { SERVERS, type Login, type Logins } from "../upgrade/labs";
import { office, onServer } from "../upgrade/office";

/** Beside the address at which its SSH answers. */
const VTEP = "192.168.20.77";

/** The server's VTEP is lent by DHCP, and not before vxlab has tried once without it. Prints the server's MAC. */
const LATE = `cat /sys/class/net/eth0/address
cp /etc/inittab /root/inittab
echo '::once:/root/late' >>/etc/inittab
cat >/root/late <<'END'
#!/bin/sh
i=0
until grep -q 'tried again' /var/log/vxlab-boot.log || [ $i -gt 200 ]; do i=$((i + 1)); sleep 1; done
sleep 3
exec busybox udhcpc -f -q -n -i eth0 -s /root/leased
END
cat >/root/leased <<'END'
#!/bin/sh
[ "$1" != bound ] || ip address add $ip/32 dev eth0
END
chmod +x /root/late /root/leased
sync`;

let project: Project;
let logins: Logins;

const server = async (script: string) => good(await onServer(project, logins, "b", script)).trim();
const green = async () =>
  expect(good(await project.vxlab(["verify", "-s", "lab"], { timeout: 180 }))).toContain(" 0 failed");
/** What has to be about eth0: the translation, the group's device. Then by what the guard takes the packets of each port in. */
const devices = async () => {
  const look =
    "nft list ruleset | sed -n 's/.*oifname \"\\(.*\\)\" .* masquerade/\\1/p'; cut -d' ' -f 5 /sys/class/net/vm200/ifalias; " +
    "sed -n 's/^ *\\(.*\\)@th.* accept$/guard \\1/p' /var/lib/vxlab/guard.nft";
  return (await server(look)).split("\n").map((line) => line.trim());
};

beforeAll(async () => {
  project = await Project.create("late-address");
  logins = await office(project);
  await server(`ovs-vsctl --timeout=60 --retry show >/dev/null && ip address add ${VTEP}/32 dev lo`);
  const existing = ({ hostKey, keyFile }: Login, more: object = {}) => ({ hostKey, keyFile, ...more });
  project.configure({
    underlay: { cidr: "192.168.10.0/24", mode: "routed" },
    hosts: {
      a: { address: SERVERS.a, existing: existing(logins.a) },
      b: { address: VTEP, existing: existing(logins.b, { sshAddress: SERVERS.b }) },
    },
    segments: {
      red: { vni: 100, subnet: "10.0.3.0/24", flooding: "flow" },
      blue: { vni: 200, vlan: 20, subnet: "10.0.4.0/24", flooding: "multicast", gateway: { host: "b" } },
    },
    containers: {
      c1: { host: "a", segment: "red", address: "10.0.3.10/24" },
      c2: { host: "b", segment: "red", address: "10.0.3.11/24" },
      d1: { host: "a", segment: "blue", address: "10.0.4.10/24" },
      d2: { host: "b", segment: "blue", address: "10.0.4.11/24" },
    },
  });
  good(await project.vxlab(["up", "-s", "lab"], { timeout: 600 }));
});

afterAll(() => project?.destroy());

it("comes back when the address comes by DHCP, long after the boot", async () => {
  expect(await devices()).toEqual(["eth0", "eth0", "guard", "guard"]);
  const lender = await lend(project, "192.168.20.1", await server(LATE), VTEP);
  const boot = () => server("cat /proc/sys/kernel/random/boot_id").catch(() => "");
  const was = await boot();
  await onServer(project, logins, "b", "reboot");
  await hangUp(project, SERVERS.b);
  await within(240, "another boot", async () => ![was, ""].includes(await boot()));
  expect(await server("ip -o address show")).not.toContain(VTEP);
  const applied = "grep -q 'desired state applied' /var/log/vxlab-boot.log";
  await within(240, "the boot's end", async () => (await onServer(project, logins, "b", applied)).code === 0);
  expect(await server("cat /var/log/vxlab-boot.log")).toContain("tried again in 5 s");
  expect(await server(`ip -o address show to ${VTEP}`)).toContain(" eth0 ");
  expect(await devices()).toEqual(["eth0", "eth0", 'guard iifname "eth0"', 'guard iifname "eth0"']);
  await green();
  lender.kill();
});

it("leaves nothing", async () => {
  good(await project.vxlab(["down", "-s", "lab"], { timeout: 300 }));
  await hangUp(project, SERVERS.a, SERVERS.b);
  good(await project.vxlab(["down"], { timeout: 300 }));
  expect(remains(project, [])).toEqual([]);
});
