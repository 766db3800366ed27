import { describe, expect, it } from "vitest";
import { formatOf } from "../../cli/commands/graph";
import { coloursOf } from "../../cli/graph/colours";
import { renderDot } from "../../cli/graph/dot";
import { renderMermaid } from "../../cli/graph/mermaid";
import { pictureOf } from "../../cli/graph/model";
import { renderSvg } from "../../cli/graph/svg";
import type { ChainPlan } from "../../plan/types";
import { fabricLab, meshOf, referenceLab, twoSegments } from "./fixture";

describe("the reference lab", () => {
  const picture = pictureOf(referenceLab());

  it("in Mermaid", () => {
    expect(renderMermaid(picture)).toMatchInlineSnapshot(`
      "flowchart TB
        subgraph h_kvm1["kvm1 · 192.168.10.156"]
          c_c1("c1<br/>10.0.3.10/24")
          b_kvm1["vxbr<br/>10.1.2.10/24"]
        end
        subgraph h_kvm2["kvm2 · 192.168.10.222"]
          c_c2("c2<br/>10.0.3.11/24")
          b_kvm2["vxbr<br/>10.1.2.11/24"]
        end
        c_c1 -- "red" --- b_kvm1
        c_c2 -- "red" --- b_kvm2
        b_kvm1 -. "red · VNI 100 · UDP 4789" .- b_kvm2
        linkStyle 0 stroke:#b8320f
        linkStyle 1 stroke:#b8320f
        linkStyle 2 stroke:#b8320f
      "
    `);
  });

  it("in DOT: machines around their things, tunnels dashed", () => {
    const dot = renderDot(picture);
    expect(dot).toContain('subgraph "cluster kvm1" {\n    label="kvm1\\n192.168.10.156"');
    expect(dot).toContain('"container c1" -- "bridge kvm1"');
    expect(dot).toContain('"bridge kvm1" -- "bridge kvm2" [label="red · VNI 100 · UDP 4789"');
    expect(dot.match(/style=dashed/g)).toHaveLength(1);
  });

  it("in SVG: with every name and address as text", () => {
    const svg = renderSvg(picture);
    expect(svg).toMatch(/^<svg .*<\/svg>\s*$/s);
    const words = ["kvm1", "192.168.10.222", "vxbr", "10.1.2.10/24", "c2", "10.0.3.11/24", "VXLAN, UDP 4789"];
    for (const text of words) expect(svg).toContain(`>${text}</text>`);
  });

  it("is the same every time", () => {
    expect(renderDot(pictureOf(referenceLab()))).toBe(renderDot(picture));
  });
});

describe("service chains", () => {
  const hops = ["c1", "fw", "c2"].map((name) => ({ name }));
  const chains = [{ name: "web-db", segment: "red", failure: "open", hops }] as unknown as ChainPlan[];
  const picture = pictureOf({ ...referenceLab(), chains });
  const line = "chain web-db: c1 → fw → c2, in red, fails open";

  it("are listed in every picture, inside of it", () => {
    expect(renderMermaid(picture)).toContain(`  x_0>"${line}"]\n`);
    expect(renderDot(picture)).toContain(`"chain 0" [label="${line}", shape=note]`);
    const svg = renderSvg(picture);
    const height = (text: string) => Number(/ height="(\d+)"/.exec(text)?.[1]);
    const y = Number(new RegExp(`y="(\\d+)">${line}</text>`).exec(svg)?.[1]);
    expect(y).toBeLessThan(height(svg));
    expect(height(renderSvg(pictureOf(referenceLab())))).toBeLessThan(height(svg));
    expect(picture.chains).toEqual([
      { name: "web-db", segment: "red", hops: ["c1", "fw", "c2"], failure: "open" },
    ]);
  });

  it("are not mentioned where there are none", () => {
    expect(pictureOf({ ...referenceLab(), chains: [] })).toEqual(pictureOf(referenceLab()));
  });
});

describe("tunnels", () => {
  it("are one line for both directions, one for each segment, in the segment's colour", () => {
    const { segments, machines } = pictureOf(twoSegments());
    const pairs = segments.map(({ segment, tunnels }) => [segment, ...tunnels.map((ends) => ends.join("-"))]);
    expect(pairs).toEqual([
      ["red", "kvm1-kvm2", "kvm1-kvm3", "kvm2-kvm3"],
      ["blue", "kvm1-kvm2", "kvm1-kvm3", "kvm2-kvm3"],
    ]);
    expect(machines[0].containers.map(({ links }) => links)).toEqual([
      [{ segment: "red", facts: ["10.0.3.10/24"] }],
      [{ segment: "blue", facts: ["10.0.4.10/24", "VLAN 20"] }],
    ]);
  });

  it.each([
    [2, 1, 0],
    [4, 6, 0],
    [5, 0, 1],
    [12, 0, 1],
  ])("of %i machines are %i arcs or %i lines", (machines, arcs, lines) => {
    const svg = renderSvg(pictureOf(meshOf(machines, machines)));
    const count = (look: string) => svg.match(new RegExp(`<path class="${look} `, "g"))?.length ?? 0;
    expect([count("tunnel"), count("mesh")]).toEqual([arcs, lines]);
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

  it("has a node for each segment, which leads to its hosts", () => {
    expect(text).toContain('s_blue{{"blue<br/>VNI 200<br/>VXLAN, UDP 4789<br/>MTU 1450<br/>static flows"}}');
    expect(text).toContain("group 239.0.1.44");
    expect(text).toContain("hub kvm1");
    expect(text).toContain('b_kvm1 -. "blue" .- s_blue');
    expect(text).not.toContain('b_server -. "blue" .- s_blue');
  });

  it("marks the hub and each way to flood in SVG", () => {
    const svg = renderSvg(pictureOf(fabricLab()));
    expect(svg).toContain(">red, hub</text>");
    for (const look of ["tunnel s0", "flows s1", "group s2"]) expect(svg).toContain(`<path class="${look}"`);
  });

  it("shows services, trunks and every address", () => {
    expect(text).toContain(
      'g_gw_green("gw-green<br/>10.0.5.1/24<br/>gateway<br/>DHCP 10.0.5.192-10.0.5.254")',
    );
    expect(text).toMatch(
      /c_c3\("c3<br\/>10\.0\.4\.\d+\/24<br\/>VLAN 20 tagged<br\/>10\.0\.5\.\d+\/24<br\/>VLAN 30 tagged/,
    );
    expect(text).toContain("c4<br/>DHCP");
    expect(renderDot(pictureOf(fabricLab()))).toContain('"service gw-green" -- "bridge kvm1"');
  });
});

describe("twelve machines", () => {
  const picture = pictureOf(meshOf(12, 12));

  it("share one node for the segment, which every bridge is tied to", () => {
    const dot = renderDot(picture);
    expect(dot).toContain('"segment red" [label="red\\nVNI 100\\nVXLAN, UDP 4789\\nMTU 1450\\nfull mesh"');
    expect(dot.match(/style=dashed/g)).toHaveLength(12);
    expect(dot).toContain('"bridge h04" -- "segment red"');
  });

  it("are one column, narrow enough for a page", () => {
    const [, width] = /width="(\d+)"/.exec(renderSvg(picture)) ?? [];
    expect(Number(width)).toBeLessThan(700);
  });
});

describe("the order", () => {
  it("is the one that people count in", () => {
    const lab = meshOf(3, 3);
    const renamed = JSON.parse(
      JSON.stringify(lab)
        .replaceAll('"h00"', '"kvm10"')
        .replaceAll('"h01"', '"kvm2"')
        .replaceAll('"h02"', '"kvm1"'),
    ) as typeof lab;
    const { machines, segments } = pictureOf(renamed);
    expect(machines.map(({ name }) => name)).toEqual(["kvm1", "kvm2", "kvm10"]);
    expect(segments[0].hosts).toEqual(["kvm1", "kvm2", "kvm10"]);
    expect(segments[0].tunnels).toEqual([
      ["kvm1", "kvm2"],
      ["kvm1", "kvm10"],
      ["kvm2", "kvm10"],
    ]);
  });
});

describe("colours", () => {
  it("follow a segment's name, and differ for six segments", () => {
    const names = ["storage", "red", "mgmt", "blue", "x", "y"];
    const colours = coloursOf(names);
    expect(colours.get("red")).toEqual(coloursOf(["red"]).get("red"));
    expect(new Set([...colours.values()].map(({ light }) => light)).size).toBe(6);
    expect(new Set([...colours.values()].map(({ dark }) => dark)).size).toBe(6);
  });

  it("have more segments than there are colours", () =>
    expect([...coloursOf(Array.from({ length: 20 }, (_, index) => `s${index}`)).keys()]).toHaveLength(20));
});

describe("names", () => {
  it("cannot break out of their quotes", () => {
    const lab = referenceLab();
    const odd = {
      ...lab,
      hosts: lab.hosts.map((host) => ({ ...host, bridge: { ...host.bridge, name: 'a"b\\c' } })),
    };
    expect(renderMermaid(pictureOf(odd))).toContain('b_kvm1["a#quot;b\\c<br/>');
    expect(renderSvg(pictureOf(odd))).toContain(">a&quot;b\\c</text>");
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
