import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { briefDiff } from "../../../cli/changes/brief-diff";

const PORT = `        ~ vxlab:index:VxlanPort: (update)
            [urn=urn:pulumi:lab::vxlab::vxlab:index:VxlanLab$vxlab:index:VxlanPort::lab-kvm1-red]
            bridge   : "vxbr"
          ~ vni      : 100 => 101`;
const STEP = `            +-command:remote:Command: (replace)
                [id=lab-kvm1-red-stepd704b15e]
                [urn=urn:pulumi:lab::vxlab::vxlab:index:VxlanLab$vxlab:index:VxlanPort$command:remote:Command::lab-kvm1-red-step]
              ~ stdin (hidden)`;
const DOMAIN = `            +-libvirt:index/domain:Domain: (replace)
                [urn=urn:pulumi:lab::vxlab::vxlab:index:VxlanLab$vxlab:index:KvmHost$libvirt:index/domain:Domain::lab-kvm2-domain]
              ~ memory           : 256 => 384`;
const OWN = `    ~ command:remote:Command: (update)
        [urn=urn:pulumi:lab::vxlab::command:remote:Command::mine]
      ~ create: "a" => "b"
        delete: "c"`;
const NEW = `        + vxlab:index:LxcContainer: (create)
            [urn=urn:pulumi:lab::vxlab::vxlab:index:VxlanLab$vxlab:index:LxcContainer::lab-c3]
            container : "c3"`;
const NESTED = `    ~ a:b:C: (update)
      ~ nics: [
          ~ [0]: {
              ~ mtu: 1450 => 1400
                veth: "v"
            }
        ]`;
const STACK = `  pulumi:pulumi:Stack: (same)
    [urn=urn:pulumi:lab::vxlab::pulumi:pulumi:Stack::vxlab-lab]`;

describe("the diff", () => {
  it.each([
    [
      "what differs, with the resource's name",
      PORT,
      "        ~ vxlab:index:VxlanPort: (update) lab-kvm1-red\n          ~ vni      : 100 => 101",
    ],
    ["no step, which its component says", STEP, ""],
    [
      "what a machine is made of by its name",
      DOMAIN,
      "            +-libvirt:index/domain:Domain: (replace) lab-kvm2-domain",
    ],
    [
      "a step of the user's own program",
      OWN,
      '    ~ command:remote:Command: (update) mine\n      ~ create: "a" => "b"',
    ],
    [
      "of what is new everything",
      NEW,
      '        + vxlab:index:LxcContainer: (create) lab-c3\n            container : "c3"',
    ],
    [
      "one line for what has one part only",
      NESTED,
      "    ~ a:b:C: (update)\n      ~ nics[0].mtu: 1450 => 1400",
    ],
    ["nothing of what is as it was", STACK, ""],
    [
      "lines that do not belong to a resource",
      `${STACK}\nwarning: careful\n  more\nResources:\n    3 unchanged`,
      "warning: careful\n  more\nResources:\n    3 unchanged",
    ],
    [
      "of outputs what differs",
      '    --outputs:--\n  ~ lab: {\n        id: "x"\n      ~ vni: 1 => 2\n    }',
      "    --outputs:--\n  ~ lab.vni: 1 => 2",
    ],
  ])("has %s", (_, text, brief) => {
    expect(briefDiff(text)).toBe(brief);
  });

  it("is the same in colours", () => {
    const coloured = PORT.split("\n")
      .map((line) => `\u001b[33m${line}\u001b[0m`)
      .join("\n");
    expect(stripVTControlCharacters(briefDiff(coloured))).toBe(briefDiff(PORT));
  });
});
