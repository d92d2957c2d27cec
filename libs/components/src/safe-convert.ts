import { isMessage, type Value } from '#libs/engine';

/** A value as the text that a chat shows. */
export function safeConvert(value: Value): string {
  if (isMessage(value)) return value.text;
  if (typeof value === 'object' && value !== null)
    return withoutBlankLines(`\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``);
  return withoutBlankLines(String(value));
}

function withoutBlankLines(text: string): string {
  return text.replaceAll(/(?<![^\n])\s*(?![^\n])/g, '').replaceAll(/\n{3,}/g, '\n\n');
}
