import { TOKEN_PATTERN } from '#libs/crypto';

export interface KnownSecret {
  name: string;
  value: string;
}

const PARTIAL_TOKEN = /hg(?:[psftcriwb](?:_(?:[0-9A-Za-z]{0,12}|[0-9A-Za-z]{12}_[0-9A-Za-z]{0,48}))?)?$|h$/;

/** Takes secrets out of texts: their values in the forms in which they travel, and tokens of ours. */
export class Redactor {
  private readonly replacements: { form: string; by: string }[];
  /** Forms that can stand in JSON text; others would break its quotes. */
  private readonly inJson: { form: string; by: string }[];

  constructor(secrets: readonly KnownSecret[]) {
    const forms = new Map<string, string>();
    for (const { name, value } of secrets)
      for (const form of formsOf(value)) forms.set(form, `[secret:${name}]`);
    // the longest first, so that no form is broken by a shorter one within it
    this.replacements = [...forms]
      .map(([form, by]) => ({ form, by }))
      .sort((a, b) => b.form.length - a.form.length);
    this.inJson = this.replacements.filter(({ form }) => isWholeInJson(form));
  }

  clean(text: string): string {
    return replaced(text, this.replacements);
  }

  cleanJson(json: string): string {
    return replaced(json, this.inJson);
  }

  /** For texts that come in pieces: holds back what could be the beginning of a secret. */
  stream(): RedactingStream {
    return new RedactingStream(this, (text) => this.heldLength(text));
  }

  private heldLength(text: string): number {
    let held = PARTIAL_TOKEN.exec(text.slice(-80))?.[0].length ?? 0;
    for (const { form } of this.replacements) {
      for (let length = Math.min(form.length - 1, text.length); length > held; length -= 1) {
        if (text.endsWith(form.slice(0, length))) {
          held = length;
          break;
        }
      }
    }
    return held;
  }
}

export class RedactingStream {
  private held = '';

  constructor(
    private readonly redactor: Redactor,
    private readonly heldLength: (text: string) => number,
  ) {}

  push(text: string): string {
    const cleaned = this.redactor.clean(this.held + text);
    const keep = this.heldLength(cleaned);
    this.held = keep === 0 ? '' : cleaned.slice(-keep);
    return keep === 0 ? cleaned : cleaned.slice(0, -keep);
  }

  end(): string {
    const rest = this.redactor.clean(this.held);
    this.held = '';
    return rest;
  }
}

function replaced(text: string, replacements: readonly { form: string; by: string }[]): string {
  let cleaned = text;
  for (const { form, by } of replacements) if (cleaned.includes(form)) cleaned = cleaned.replaceAll(form, by);
  return cleaned.includes('hg') ? cleaned.replace(TOKEN_PATTERN, '[secret:token]') : cleaned;
}

/** Whether every quote and control character in it is escaped, and no escape is cut. */
function isWholeInJson(form: string): boolean {
  try {
    JSON.parse(`"${form}"`);
    return true;
  } catch {
    return false;
  }
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  const json = JSON.stringify(value).slice(1, -1);
  return [
    value,
    // as it looks in a stream of bytes that is read as latin1
    bytes.toString('latin1'),
    json,
    JSON.stringify(json).slice(1, -1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    encodeURIComponent(value),
  ];
}
