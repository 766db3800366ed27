/** Colours of segments. Pure. */

export interface Colour {
  /** On a light background. */
  light: string;
  /** On a dark one. */
  dark: string;
}

/** Distinct with colour blindness too (after Okabe and Ito), with a contrast of 4.5 to their background. */
const COLOURS: Readonly<Record<string, Colour>> = {
  blue: { light: "#0b62a4", dark: "#58a6ff" },
  red: { light: "#b8320f", dark: "#ff8a66" },
  green: { light: "#087f5b", dark: "#3fc99a" },
  purple: { light: "#9c3587", dark: "#e08bd0" },
  yellow: { light: "#7a6400", dark: "#e3c341" },
  grey: { light: "#444444", dark: "#b8bfc6" },
};

/** A segment called red is red; the others take what is left, in their order. More than six share colours. */
export function coloursOf(segments: readonly string[]): Map<string, Colour> {
  const all = Object.keys(COLOURS);
  const rest = all.filter((name) => !segments.includes(name));
  const spare = rest.length > 0 ? rest : all;
  const others = segments.filter((name) => !all.includes(name));
  return new Map(
    segments.flatMap((name) => {
      const colour = COLOURS[name] ?? COLOURS[spare[others.indexOf(name) % spare.length] ?? ""];
      return colour === undefined ? [] : [[name, colour] as const];
    }),
  );
}
