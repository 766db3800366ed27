/** One of a lab's two servers does not answer for a while: it is left out, forgotten, and taken in again. */
import { describe, expect, it } from "vitest";
import { good, type Project } from "./project";
import { nameOf, stateOf } from "./state";

/** A lab of test/lab/existing-host.test.ts that is deployed. */
interface Servers {
  project: () => Project;
  /** On the server that stays. */
  server: (script: string) => Promise<string>;
  /** The whole lab's settings. @param red changes of the segment red */
  configure: (red: object) => void;
}

export function deadServer({ project, server, configure }: Servers): void {
  describe("one of which is dead", () => {
    const link = async (state: "up" | "down") => {
      const domain =
        good(await project().virsh(["list", "--name"]))
          .split("\n")
          .find((name) => name.endsWith("-srv2")) ?? "";
      const [, , , , mac = ""] = good(await project().virsh(["domiflist", domain]))
        .trim()
        .split(/\s+/);
      good(await project().virsh(["domif-setlink", domain, mac, state]));
    };
    const up = (...words: string[]) =>
      project().vxlab(["up", "-s", "lab", "--no-verify", ...words], { timeout: 300 });

    it("keeps an edit from nobody else, and the way out is said", async () => {
      await link("down");
      configure({ vni: 101 });
      const { code, stderr } = await up("--host-timeout", "10");
      expect(code).toBe(1);
      expect(stderr).toContain(
        "srv2 does not answer within 10 s; everything else is done. Unfinished on it: ",
      );
      expect(stderr).toContain("./vxlab forget srv2, then ./vxlab up");
      expect(await server("ls -d /sys/class/net/bf101")).toBe("/sys/class/net/bf101\n");
    });

    it("is forgotten in less than a minute, and the others go on without it", async () => {
      const started = Date.now();
      good(await project().vxlab(["forget", "srv2", "-s", "lab"]));
      good(await up());
      // Under a minute on a machine with nothing else to do.
      expect((Date.now() - started) / 1000).toBeLessThan(180);
      const names = (await stateOf(project(), "--stack", "lab")).map(({ urn }) => nameOf(urn));
      expect(names.filter((name) => /srv2|-c3|-b3/.test(name))).toEqual([]);
      expect(names).toContain("lab-c2-step");
      expect(await server("ovs-ofctl dump-flows bf101")).not.toContain("192.168.20.77");
    });

    it("is there again when it is no longer absent", async () => {
      await link("up");
      configure({});
      good(await up());
      expect(good(await project().vxlab(["verify", "-s", "lab"], { timeout: 180 }))).toContain(" 0 failed");
    });

    it("that answers is not forgotten", async () => {
      const { code, stderr } = await project().vxlab(["forget", "srv2", "-s", "lab"]);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining("srv2 answers: remove it from vxlab:hosts"),
      ]);
    });
  });
}
