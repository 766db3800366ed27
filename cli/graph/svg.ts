/** Draws DOT text with Graphviz itself, compiled to WebAssembly: nothing to install, no network. */
export async function renderSvg(dot: string): Promise<string> {
  // Loaded here, since it takes 0.2 s that no other command should wait for.
  const { instance } = await import("@viz-js/viz");
  return (await instance()).renderString(dot, { format: "svg", engine: "dot" });
}
