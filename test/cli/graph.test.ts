import { describe, expect, it } from "vitest";
import { formatOf } from "../../cli/commands/graph";
import { renderDot } from "../../cli/graph/dot";
import { renderMermaid } from "../../cli/graph/mermaid";
import { pictureOf } from "../../cli/graph/model";
import { renderSvg } from "../../cli/graph/svg";
import { fabricLab, meshOf, referenceLab, twoSegments } from "./fixture";

describe("the reference lab", () => {
  const picture = pictureOf(referenceLab());

  it("in Mermaid", () => {
    expect(renderMermaid(picture)).toMatchInlineSnapshot(`
      "flowchart TB
        subgraph h_kvm1["kvm1 · 192.168.10.156"]
          c_c1("c1<br/>10.0.3.10/24<br/>02:fe:40:d0:21:eb")
          b_kvm1["vxbr<br/>10.1.2.10/24"]
          c_c1 --- b_kvm1
        end
        subgraph h_kvm2["kvm2 · 192.168.10.222"]
          c_c2("c2<br/>10.0.3.11/24<br/>02:0f:b1:3b:63:43")
          b_kvm2["vxbr<br/>10.1.2.11/24"]
          c_c2 --- b_kvm2
        end
        b_kvm1 -. "VNI 100 · UDP 4789" .- b_kvm2
        style c_c1 stroke:#0b62a4
        style c_c2 stroke:#0b62a4
      "
    `);
  });

  it("in DOT: machines around their things, tunnels dashed", () => {
    const dot = renderDot(picture);
    expect(dot).toContain('subgraph "cluster kvm1" {\n    label="kvm1\\n192.168.10.156"');
    expect(dot).toContain('"container c1" -- "bridge kvm1"');
    expect(dot).toContain('"tunnel red kvm1 kvm2" [label="VNI 100 · UDP 4789"');
    expect(dot.match(/style=dashed/g)).toHaveLength(2);
  });

  it("in SVG: drawn by Graphviz, with every name and address as text", async () => {
    const svg = await renderSvg(renderDot(picture));
    expect(svg).toMatch(/<svg .*<\/svg>\s*$/s);
    for (const text of [
      "kvm1",
      "192.168.10.222",
      "vxbr",
      "10.1.2.10/24",
      "c2",
      "10.0.3.11/24",
      "VNI 100 · UDP 4789",
    ]) {
      expect(svg).toContain(`>${text}</text>`);
    }
  });

  it("is the same every time", () => {
    expect(renderDot(pictureOf(referenceLab()))).toBe(renderDot(picture));
  });
});

describe("tunnels", () => {
  it("are one line for both directions, one for each segment, in the segment's colour", () => {
    const { tunnels, clouds, machines } = pictureOf(twoSegments());
    expect(tunnels.map(({ segment, ends }) => `${segment} ${ends.join("-")}`)).toEqual([
      ...["red kvm1-kvm2", "red kvm1-kvm3", "red kvm2-kvm3"],
      ...["blue kvm1-kvm2", "blue kvm1-kvm3", "blue kvm2-kvm3"],
    ]);
    expect(clouds).toEqual([]);
    const colours = (name: string) =>
      tunnels.filter(({ segment }) => segment === name).map(({ colour }) => colour);
    expect(new Set(colours("red"))).not.toEqual(new Set(colours("blue")));
    const [c1, d1] = machines[0].containers;
    expect([c1.colour, d1.colour]).toEqual([colours("red")[0], colours("blue")[0]]);
    expect(d1.facts).toContain("VLAN 20");
  });

  it.each([
    [1, 0, 0],
    [4, 6, 0],
    [5, 0, 1],
    [10, 0, 1],
  ])("of %i machines are %i lines or %i segments", (machines, tunnels, clouds) => {
    const picture = pictureOf(meshOf(machines, machines));
    expect([picture.tunnels.length, picture.clouds.length]).toEqual([tunnels, clouds]);
  });

  it("lead to machines of other stacks too", () => {
    const lab = referenceLab();
    const half = { ...lab, hosts: lab.hosts.slice(0, 1), containers: lab.containers.slice(0, 1) };
    const picture = pictureOf(half);
    expect(picture.strangers).toEqual([{ name: "kvm2", address: "192.168.10.222" }]);
    expect(renderMermaid(picture)).toContain('b_kvm2[/"kvm2<br/>192.168.10.222"/]');
    expect(renderDot(picture)).toContain('"bridge kvm2" [label="kvm2\\n192.168.10.222", style="dashed"]');
  });
});

describe("a fabric", () => {
  const text = renderMermaid(pictureOf(fabricLab()));

  it("has lines for tunnels, and a node for what leads to all at once", () => {
    expect(text.match(/VNI 100/g)).toHaveLength(2);
    expect(text).toContain('s_blue{{"segment blue<br/>VNI 200 · UDP 4789<br/>static flows<br/>MTU 1450"}}');
    expect(text).toContain("group 239.0.1.44");
    expect(text).not.toContain("b_server -.- s_blue");
  });

  it("shows services, trunks and every address", () => {
    expect(text).toContain(
      'g_gw_green("gw-green<br/>10.0.5.1/24<br/>gateway<br/>DHCP 10.0.5.192-10.0.5.254")',
    );
    expect(text).toMatch(/c_c3\("c3<br\/>.*VLAN 20: 10\.0\.4\.\d+\/24<br\/>VLAN 30: /);
    expect(text).toContain("c4<br/>DHCP");
    expect(renderDot(pictureOf(fabricLab()))).toContain('"service gw-green" -- "bridge kvm1"');
  });
});

describe("ten machines", () => {
  const picture = pictureOf(meshOf(10, 10));

  it("share one node for the segment, which every bridge is tied to", () => {
    const dot = renderDot(picture);
    expect(dot).toContain('"segment red" [label="segment red\\nVNI 100 · UDP 4789\\nMTU 1450"');
    expect(dot.match(/style=dashed/g)).toHaveLength(10);
    expect(dot).toContain('"bridge h04" -- "segment red"');
    // The second row hangs below the segment.
    expect(dot).toContain('"segment red" -- "bridge h05"');
    expect(renderMermaid(picture)).toContain('s_red{{"segment red<br/>VNI 100 · UDP 4789<br/>MTU 1450"}}');
  });

  it("fit on a page: two rows of five", async () => {
    const svg = await renderSvg(renderDot(picture));
    const [, width, height] = /width="(\d+)pt" height="(\d+)pt"/.exec(svg) ?? [];
    expect(Number(width)).toBeLessThan(1000);
    expect(Number(height)).toBeLessThan(700);
  });
});

describe("names", () => {
  it("cannot break out of their quotes", () => {
    const lab = referenceLab();
    const odd = {
      ...lab,
      hosts: lab.hosts.map((host) => ({ ...host, bridge: { ...host.bridge, name: 'a"b\\c' } })),
    };
    expect(renderMermaid(pictureOf(odd))).toContain('b_kvm1["a#quot;b\\c<br/>');
    expect(renderDot(pictureOf(odd))).toContain('[label="a\\"b\\\\c\\n10.1.2.10/24"');
  });

  it("may be words of Mermaid's own", () => {
    const lab = referenceLab();
    const boxes = lab.containers.map((box) => ({ ...box, name: "end" }));
    expect(renderMermaid(pictureOf({ ...lab, containers: boxes }))).toContain('c_end("end<br/>');
  });
});

describe("the format", () => {
  it.each([
    [undefined, undefined, "mermaid"],
    [undefined, "lab.svg", "svg"],
    [undefined, "lab.dot", "dot"],
    [undefined, "lab.md", "mermaid"],
    [undefined, "lab.json", "json"],
    ["dot", "lab.svg", "dot"],
  ])("of --format %s, --out %s is %s", (given, file, format) => {
    expect(formatOf(given, file)).toBe(format);
  });

  it("another is refused", () => {
    expect(() => formatOf("png", undefined)).toThrow("--format png: use one of mermaid, svg, dot, json");
  });
});
