export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 8785: the one text of a JSON value, so that equal values have equal hashes. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

const MAX_DEPTH = 256;

/** Why a value cannot be kept and given back unharmed, or undefined. NUL is data and passes. */
export function flawOfJson(value: unknown, depth = 0): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : 'a text holds a lone surrogate';
    case 'number':
      return Number.isFinite(value) ? undefined : 'a number is not finite';
    case 'boolean':
      return undefined;
    case 'object':
      break;
    default:
      return `a ${typeof value} is not JSON`;
  }
  if (value === null) return undefined;
  if (depth >= MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH} levels`;
  if (Array.isArray(value)) {
    for (const item of value) {
      const flaw = flawOfJson(item, depth + 1);
      if (flaw) return flaw;
    }
    return undefined;
  }
  for (const [key, member] of Object.entries(value)) {
    if (!key.isWellFormed()) return 'a name holds a lone surrogate';
    const flaw = flawOfJson(member, depth + 1);
    if (flaw) return flaw;
  }
  return undefined;
}
