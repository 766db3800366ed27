/** What a host is asked to measure, as the host gets it. */
export interface MeasurementState {
  /** Of the measurement, for messages. */
  name: string;
  /** The container that asks. */
  from: string;
  /** The address that answers. */
  to: string;
  /** VTEP of the host that `to` is on: the other way. */
  beside: string;
  /** Texts; only to make the step run again. */
  again: string[];
}

/** What `guest measure` answers of a way; null is not measured. */
interface Answered {
  mtu: number | null;
  cold: number | null;
  warm: number | null;
  rate: number | null;
}

export interface MeasurementAnswer {
  overhead: number | null;
  overlay: Answered;
  underlay: Answered;
}

/** What one way costs, without what could not be measured. */
interface Way {
  mtu?: number;
  cold?: number;
  warm?: number;
  throughput?: number;
}

/** @param stdout of the step; that of a mock may hold nothing */
export function readMeasurement(stdout: string): { overhead?: number; overlay: Way; underlay: Way } {
  const { overhead, overlay, underlay } = JSON.parse(stdout || "{}") as Partial<MeasurementAnswer>;
  return { overlay: wayOf(overlay), underlay: wayOf(underlay), ...given({ overhead }) };
}

function wayOf({ mtu, cold, warm, rate }: Partial<Answered> = {}): Way {
  return given({ mtu, cold, warm, throughput: rate });
}

/** Without what is null or undefined. */
function given<Key extends string>(
  all: Record<Key, number | null | undefined>,
): Partial<Record<Key, number>> {
  const known = Object.entries<number | null | undefined>(all).filter(
    ([, value]) => typeof value === "number",
  );
  return Object.fromEntries(known) as Partial<Record<Key, number>>;
}
