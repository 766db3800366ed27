import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  forgetHypervisors,
  hypervisors,
  hypervisorsBelow,
  hypervisorsIn,
  knownHypervisors,
  mustAnswer,
  noteHypervisors,
} from "../../cli/access/hypervisors";
import { world, type World } from "./world";

const NEAR = "qemu:///system?socket=/run/near";
const FAR = "qemu+ssh://root@far/system?knownhosts=/h";
const NEAR_VIRSH = "qemu+unix:///system?socket=/run/near";
const FAR_VIRSH = "qemu+libssh://root@far/system?known_hosts=%2Fh&known_hosts_verify=normal";

const provider = (name: string, uri: unknown) => ({
  urn: `urn:pulumi:lab::fake::pulumi:providers:libvirt::${name}`,
  type: "pulumi:providers:libvirt",
  inputs: { uri },
});
const ALL = [
  provider("near", NEAR),
  provider("far", FAR),
  provider("again", FAR),
  { urn: "urn:x", type: "libvirt:index/pool:Pool", inputs: { uri: "no" } },
];

let here: World;
const path = process.env["PATH"];

beforeEach(() => {
  here = world();
  here.write(
    ".vxlab/state/.pulumi/stacks/fake/lab.json",
    JSON.stringify({ version: 3, checkpoint: { latest: { resources: ALL } } }),
  );
  // Answers for all but the far one.
  here.write("bin/virsh", '#!/bin/sh\ncase $3 in *far*) echo "error: no route" >&2; exit 1 ;; esac\n');
  process.env["PATH"] = `${join(here.paths.root, "bin")}${delimiter}${path}`;
});
afterEach(() => (process.env["PATH"] = path));

describe("the hypervisors of a stack", () => {
  it("are those that its state names, each once, as virsh takes them", async () => {
    expect(hypervisorsIn(ALL)).toEqual([NEAR_VIRSH, FAR_VIRSH]);
    expect(await hypervisors(here, "lab")).toEqual([NEAR_VIRSH, FAR_VIRSH]);
  });

  it("are the one that it would use as long as its state names none", async () => {
    const environment = { ...here.environment, VXLAB_LIBVIRT_URI: "test:///default" };
    expect(await hypervisors({ ...here, environment }, "other")).toEqual(["test:///default"]);
  });

  describe("of an overlay, whose own state names none", () => {
    const overlay = {
      ...{ urn: "urn:overlay", type: "vxlab:index:VxlanOverlay" },
      inputs: { underlay: { stack: "organization/below/a" }, peers: [{ stack: "organization/below/b" }] },
    };
    const exported = JSON.stringify({ deployment: { resources: ALL } });
    /** A program of the user's, whose Pulumi knows the underlay's stack alone. */
    const program = () => {
      const says = `*" stack export --stack organization/below/a") echo '${exported}' ;;`;
      here.write("bin/pulumi", `#!/bin/sh\ncase " $*" in ${says} *) exit 255 ;; esac\n`);
      const PATH = `${join(here.paths.root, "bin")}${delimiter}${path}`;
      return { ...here, plain: true, environment: { ...here.environment, PATH } };
    };

    it("are those in the state of its underlay's stack, not of its peers'", async () => {
      expect(await hypervisorsBelow(program(), [overlay])).toEqual([NEAR_VIRSH, FAR_VIRSH]);
      expect(here.stderr()).toBe("");
    });

    it("are none when that cannot be read, which is said", async () => {
      const other = { ...overlay, inputs: { underlay: { stack: "organization/gone/a" } } };
      expect(await hypervisorsBelow(program(), [other])).toEqual([]);
      expect(here.stderr()).toMatch(/^the underlay stack organization\/gone\/a cannot be read: /);
    });

    it("are not asked for in a checkout, which knows its libvirt", async () => {
      expect(await hypervisorsBelow({ ...program(), plain: false }, [overlay])).toEqual([]);
      expect(here.stderr()).toBe("");
    });
  });

  it("are none yet when only its underlays would name them", async () => {
    here.write("Pulumi.other.yaml", `config:\n  vxlab:underlays: { far: { libvirtUri: "${FAR}" } }\n`);
    expect(await hypervisors(here, "other")).toEqual([]);
  });

  it("are kept outside the state until they are forgotten", async () => {
    await noteHypervisors(here, "lab");
    await noteHypervisors(here, "lab");
    expect(readFileSync(join(here.paths.dot, "hypervisors"), "utf8").split("\n")).toHaveLength(2);
    expect(knownHypervisors(here)).toEqual([NEAR_VIRSH, FAR_VIRSH]);
    forgetHypervisors(here);
    expect(knownHypervisors(here)).toEqual([]);
  });
});

describe("a hypervisor that does not answer", () => {
  it("is named as it is set, with the reason and what to do when it is gone", async () => {
    const fault = mustAnswer(ALL.slice(0, 2), "lab");
    await expect(fault).rejects.toMatchObject({ code: 3 });
    await expect(fault).rejects.toThrow(`${FAR}\n    no route\n`);
    await expect(fault).rejects.toThrow(
      "state delete --yes --target-dependents -s lab 'urn:pulumi:lab::fake::",
    );
    await expect(fault).rejects.not.toThrow(NEAR);
  });

  it("is nobody's business in a stack that is not on it", async () => {
    await expect(mustAnswer(ALL.slice(0, 1), "lab")).resolves.toBeUndefined();
  });
});
