/** Files, commands, routes and kernel settings of containers. */
import { describe, expect, it } from "vitest";
import { good } from "../../lib/project";
import { within } from "../../lib/wait";
import { healed, routed, SETTINGS, status } from "./lab";
import type { Lab } from "./lab";

export function insideContainers(lab: () => Lab): void {
  describe("inside a container", () => {
    const inside = (command: string) =>
      lab().guests.tell("kvm2", `lxc-attach -P /var/lib/vxlab/containers -n r -- sh -c '${command}'`);
    const first = () => lab().guests.tell("kvm2", "lxc-info -P /var/lib/vxlab/containers -n r -pH");
    const reaches = async (address: string) =>
      (await lab().guests.ping("e1", `-c 2 -W 2 ${address}`)).code === 0;

    it("files are in place with mode and owner, and the command ran once", async () => {
      expect(await inside("cat /etc/motd /srv/a/key /ran; stat -c %a:%u:%g /srv/a/key")).toBe(
        "one\nkone\n600:7:8",
      );
    });

    it("made from an archive, its files have their modes and the container's owners", async () => {
      const look = "/.vxlab/busybox stat -c %a:%u:%g /srv/owned; /.vxlab/busybox cat /srv/owned /etc/motd";
      const attach = "lxc-attach -P /var/lib/vxlab/containers -n a1 -- /bin/sh -c";
      expect(await lab().guests.tell("kvm2", `${attach} '${look}'`)).toBe("4755:7:8\nkeptarchive");
      const there = "stat -c %u:%g /var/lib/vxlab/containers/a1/rootfs/srv/owned";
      expect(await lab().guests.tell("kvm2", there)).toBe("100007:100008");
      expect(
        await lab().guests.tell("kvm2", lab().guests.inside("a1", "ip -o -4 address show dev eth0")),
      ).toContain("10.0.20.");
    });

    it("a router leads from one segment to the other, IPv4 and IPv6", async () => {
      expect([await reaches("10.0.40.11"), await reaches("fd00:40::11")]).toEqual([true, true]);
    });

    it("what somebody changed is named, and put right by up without a restart", async () => {
      const pid = await first();
      await inside("echo bad >/etc/motd; rm /srv/a/key");
      await lab().guests.tell("kvm2", `nsenter -t ${pid} -n sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'`);
      await lab().guests.tell(
        "kvm1",
        "nsenter -t $(lxc-info -P /var/lib/vxlab/containers -n e1 -pH) -n /sbin/ip -6 route del ::/0",
      );
      const text = (await status(lab())).faults.join("\n");
      for (const part of [
        "container r: file /etc/motd holds something else",
        "container r: file /srv/a/key is missing",
        "container r: kernel setting net/ipv4/ip_forward is 0 instead of 1",
        "container e1: route ::/0 is missing",
      ])
        expect(text).toContain(part);
      expect(await healed(lab())).toEqual(["lab-e1", "lab-r"]);
      expect(await inside("cat /etc/motd /srv/a/key /ran")).toBe("one\nkone");
      expect(await first()).toBe(pid);
      expect([await reaches("10.0.40.11"), await reaches("fd00:40::11")]).toEqual([true, true]);
    });

    it("another file is put in place and the command runs again; a router that may forward nothing does not", async () => {
      const pid = await first();
      const interfaces = [
        { segment: "east", forwards: [] },
        { segment: "west", forwards: [] },
      ];
      const files = { "/etc/motd": { content: "two\n" } };
      lab().project.configure({
        ...SETTINGS,
        containers: { ...SETTINGS.containers, ...routed({ files, interfaces }) },
      });
      good(await lab().project.vxlab(["up", "--no-verify"], { timeout: 600 }));
      expect(await inside("cat /etc/motd /ran; ls /srv/a")).toBe("two\none\ntwo");
      expect(await first()).toBe(pid);
      expect([await reaches("10.0.40.11"), await reaches("fd00:40::11")]).toEqual([false, false]);
      lab().project.configure({ ...SETTINGS, containers: { ...SETTINGS.containers, ...routed({ files }) } });
      good(await lab().project.vxlab(["up", "--no-verify"], { timeout: 600 }));
      expect([await reaches("10.0.40.11"), await reaches("fd00:40::11")]).toEqual([true, true]);
    });

    it("routes and kernel settings come back when the container restarts by itself", async () => {
      const pid = await first();
      await lab().guests.tell("kvm2", "lxc-stop -P /var/lib/vxlab/containers -n r -r -t 10; sleep 2", 60);
      await within(60, "r runs again", async () => (await first()) !== pid && (await first()) !== "");
      await within(60, "it forwards again", () => reaches("10.0.40.11"));
    });
  });
}
