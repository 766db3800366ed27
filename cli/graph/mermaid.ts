/** A picture as Mermaid text, which GitHub and most wikis draw (mermaid.js.org, flowchart). Pure. */
import { boxLines, bridgeLines, cloudLines, tunnelLabel } from "./model";
import type { Box, Machine, Picture } from "./model";

export function renderMermaid(picture: Picture): string {
  const lines = [
    "flowchart TB",
    ...picture.machines.flatMap(machine),
    ...picture.strangers.map(({ name, address }) => `  ${bridgeId(name)}[/${text([name, address])}/]`),
    ...picture.tunnels.map(
      (tunnel) => `  ${tunnel.ends.map(bridgeId).join(` -. ${text([tunnelLabel(tunnel)])} .- `)}`,
    ),
    ...picture.clouds.flatMap((cloud) => [
      `  ${id("s", cloud.segment)}{{${text(cloudLines(cloud))}}}`,
      ...cloud.hosts.map((host) => `  ${bridgeId(host)} -.- ${id("s", cloud.segment)}`),
    ]),
    ...colours(picture),
  ];
  return lines.join("\n") + "\n";
}

function machine({ name, address, bridge, containers }: Machine): string[] {
  return [
    `  subgraph ${id("h", name)}[${text([`${name} · ${address}`])}]`,
    ...containers.map((box) => `    ${boxId(box)}(${text(boxLines(box))})`),
    `    ${bridgeId(name)}[${text(bridgeLines(bridge))}]`,
    ...containers.map((box) => `    ${boxId(box)} --- ${bridgeId(name)}`),
    "  end",
  ];
}

function colours(picture: Picture): string[] {
  const nodes = [
    ...picture.machines.flatMap(({ containers }) => containers.map((box) => [boxId(box), box.colour])),
    ...picture.clouds.map((cloud) => [id("s", cloud.segment), cloud.colour]),
  ];
  return nodes.map(([node, colour]) => `  style ${node} stroke:${colour}`);
}

/** The prefix keeps names from being Mermaid keywords, such as "end". Names have no "_". */
function id(kind: string, name: string): string {
  return `${kind}_${name.replaceAll("-", "_")}`;
}

function boxId({ kind, name }: Box): string {
  return id(kind === "container" ? "c" : "g", name);
}

function bridgeId(host: string): string {
  return id("b", host);
}

function text(lines: readonly string[]): string {
  return `"${lines.map((line) => line.replaceAll('"', "#quot;")).join("<br/>")}"`;
}
