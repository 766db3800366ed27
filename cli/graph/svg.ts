/** Draws DOT text with Graphviz itself, compiled to WebAssembly: nothing to install, no network. */
export async function renderSvg(dot: string): Promise<string> {
  // Lazy-loaded: it takes 0.2 s.
  const { instance } = await import("@viz-js/viz");
  return (await instance()).renderString(dot, { format: "svg", engine: "dot" });
}
