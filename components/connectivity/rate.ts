/** A rate in tc's notation: `5mbit` is 5 000 000 bits a second (tc(8), PARAMETERS). */
const UNITS: Readonly<Record<string, number>> = { kbit: 1e3, mbit: 1e6, gbit: 1e9 };

/** Bits a second; undefined when the text is not a rate. */
export function readRate(got: unknown): number | undefined {
  const [, number = "", unit = ""] =
    (typeof got === "string" && /^(\d+(?:\.\d+)?)([kmg]bit)$/.exec(got)) || [];
  const scale = UNITS[unit];
  const rate = scale === undefined ? 0 : Math.round(Number(number) * scale);
  return rate > 0 ? rate : undefined;
}
