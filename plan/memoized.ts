/** `make`, called once for each key: equal keys share one value. @param keyOf default: the thing itself */
export function memoized<Thing, Value>(
  make: (thing: Thing) => Value,
  keyOf: (thing: Thing) => unknown = (thing) => thing,
): (thing: Thing) => Value {
  const known = new Map<unknown, { value: Value }>();
  return (thing) => {
    const key = keyOf(thing);
    const entry = known.get(key) ?? { value: make(thing) };
    known.set(key, entry);
    return entry.value;
  };
}
