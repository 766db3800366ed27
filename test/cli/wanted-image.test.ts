import { describe, expect, it } from "vitest";
import { wantedImage } from "../../cli/engine/wanted-image";
import { world } from "./world";

const PATH = "/images/root.qcow2";

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
