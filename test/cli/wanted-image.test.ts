import { describe, expect, it } from "vitest";
import { imageIn, wantedImage } from "../../cli/lib/wanted-image";
import { world } from "./world";

const PATH = "/images/root.qcow2";

describe("vxlab:image in a settings file", () => {
  it.each([
    ["in a block", `config:\n  vxlab:image:\n    kind: docker\n    path: ${PATH}\n`, "docker", PATH],
    ["in braces", `config:\n  vxlab:image: { kind: cloud, path: ${PATH} }\n`, "cloud", PATH],
    ["as JSON", `config:\n  "vxlab:image": {"kind":"golden","path":"${PATH}"}\n`, "golden", PATH],
    ["as JSON in a text", `config:\n  vxlab:image: '{"path":"${PATH}"}'\n`, undefined, PATH],
    ["below value:", `config:\n  vxlab:image:\n    value:\n      kind: golden\n`, "golden", undefined],
    ["as Pulumi sets a path", `config:\r\n  vxlab:image:\r\n    path: "${PATH}"\r\n`, undefined, PATH],
    [
      "with remarks",
      `  vxlab:image: # path: ${PATH}\n# kind: cloud\n\n    kind: docker\n`,
      "docker",
      undefined,
    ],
    ["with an empty path", "  vxlab:image:\n    path:\n    kind: docker\n", "docker", undefined],
    ["with no path", "  vxlab:image: { path: null, kind: docker }\n", "docker", undefined],
    ["before others", `  vxlab:image: {}\n  vxlab:more:\n    path: ${PATH}\n`, undefined, undefined],
  ])("%s", (_, yaml, kind, path) => {
    expect(imageIn(yaml)).toEqual({ kind, path });
  });

  it("is not there", () => {
    expect(imageIn(`config:\n  # vxlab:image: { path: ${PATH} }\n  other:image: { path: ${PATH} }\n`)).toBe(
      undefined,
    );
  });
});

describe("the image of ours that a stack wants", () => {
  it("is golden unless it is said, and the stack's file takes the whole place of the project's", () => {
    const here = world();
    expect(wantedImage(here, "lab")).toBe("golden");
    here.write("Pulumi.yaml", `config:\n  vxlab:image:\n    value: { path: ${PATH} }\n`);
    expect(wantedImage(here, "lab")).toBeUndefined();
    here.write("Pulumi.lab.yaml", "config:\n  vxlab:image: { kind: docker }\n");
    expect([wantedImage(here, "lab"), wantedImage(here, "other")]).toEqual(["docker", undefined]);
  });

  it("is none for an overlay, which has no machines", () => {
    const here = world();
    here.write("Pulumi.lab.yaml", "config:\n  vxlab:role: overlay\n");
    expect(wantedImage(here, "lab")).toBeUndefined();
  });

  it.each(["{ kind: cloud }", "{ kind: gold }"])("is none for the preview to refuse: %s", (image) => {
    const here = world();
    here.write("Pulumi.lab.yaml", `config:\n  vxlab:image: ${image}\n`);
    expect(wantedImage(here, "lab")).toBeUndefined();
  });
});
