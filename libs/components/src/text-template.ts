import { ComponentError } from '#libs/engine';

const FIELD = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;
const MUSTACHE = /\{\{\{|\{\{([^{}]*)\}\}/g;

/** Python's `{name}`, with `{{` and `}}` for the braces themselves. */
export function formatBraces(template: string, lookUp: (name: string) => string | undefined): string {
  return template.replaceAll(FIELD, (match: string, name: string | undefined) => {
    if (match === '{{') return '{';
    if (match === '}}') return '}';
    if (name === undefined) throw new ComponentError(`Single '${match}' encountered in format string`);
    return given(name.trim(), lookUp);
  });
}

/** Mustache as Langflow allows it: `{{name}}` and nothing else. */
export function formatMustache(template: string, lookUp: (name: string) => string | undefined): string {
  return template.replaceAll(MUSTACHE, (match: string, name: string | undefined) => {
    const trimmed = name?.trim() ?? '';
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(trimmed)) {
      throw new ComponentError(
        `Invalid template variable "${match}": only simple names such as {{name}} are allowed.`,
      );
    }
    return given(trimmed, lookUp);
  });
}

function given(name: string, lookUp: (name: string) => string | undefined): string {
  const value = lookUp(name);
  if (value === undefined)
    throw new ComponentError(`Input to the prompt template is missing variable '${name}'.`);
  return value;
}
