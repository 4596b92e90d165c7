// Whether what Elasticsearch gives back says what we would send: it adds defaults, and turns values into text.

/** Whether all that is wanted stands in what is there; what is there beside it does not matter. */
export function covers(there: unknown, wanted: unknown): boolean {
  if (!isObject(wanted)) return String(there) === String(wanted);
  if (Object.keys(wanted).length === 0) return true;
  return isObject(there) && Object.entries(wanted).every(([key, value]) => covers(there[key], value));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fields that have another type than wanted, which an index never changes; each with both types. */
export function otherTypes(there: FieldTypes, wanted: FieldTypes): readonly string[] {
  return Object.entries(wanted).flatMap(([name, { type: to = 'object' }]) => {
    const before = there[name];
    const from = before?.type ?? 'object';
    return before === undefined || from === to ? [] : [`${name} from ${from} to ${to}`];
  });
}

type FieldTypes = Readonly<Record<string, { readonly type?: string }>>;
