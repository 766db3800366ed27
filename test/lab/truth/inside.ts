/** Files, commands, routes and kernel settings of containers. */
import { describe, expect, it } from "vitest";
import { change } from "../../lib/changes";
import { good } from "../../lib/project";
import { within } from "../../lib/wait";
import { inside as insideRouter, SETTINGS } from "./lab";
import type { Lab } from "./lab";

export function insideContainers(lab: () => Lab): void {
  describe("inside a container", () => {
    const inside = (command: string) => insideRouter(lab(), command);
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

    it("a router that may forward nothing does not; edited, it leads from one segment to the other, IPv4 and IPv6", async () => {
      const pid = await first();
      expect([await reaches("10.0.40.11"), await reaches("fd00:40::11")]).toEqual([false, false]);
      lab().project.configure(SETTINGS);
      good(await change(lab().project, ["up"], { timeout: 600 }));
      expect([await reaches("10.0.40.11"), await reaches("fd00:40::11")]).toEqual([true, true]);
      // Another file is put in place, one is gone, and the command ran again.
      expect(await inside("cat /etc/motd /ran; ls /srv/a")).toBe("two\none\ntwo\nkey");
      expect(await first()).toBe(pid);
    });

    it("routes and kernel settings come back when the container restarts by itself", async () => {
      const pid = await first();
      await lab().guests.tell("kvm2", "lxc-stop -P /var/lib/vxlab/containers -n r -r -t 10; sleep 2", 60);
      await within(60, "r runs again", async () => (await first()) !== pid && (await first()) !== "");
      await within(60, "it forwards again", () => reaches("10.0.40.11"));
    });
  });
}
