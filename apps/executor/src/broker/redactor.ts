import { TOKEN_PATTERN } from '#libs/crypto';

export interface KnownSecret {
  name: string;
  value: string;
}

const PARTIAL_TOKEN = /hg(?:[psftcriwb](?:_(?:[0-9A-Za-z]{0,12}|[0-9A-Za-z]{12}_[0-9A-Za-z]{0,48}))?)?$|h$/;

/** Takes secrets out of texts: their values in the forms in which they travel, and tokens of ours. */
export class Redactor {
  private readonly forms: readonly string[];
  private readonly standIns: ReadonlyMap<string, string>;
  private readonly inText: RegExp;
  private readonly inJson: RegExp;

  constructor(secrets: readonly KnownSecret[]) {
    const standIns = new Map<string, string>();
    for (const { name, value } of secrets)
      for (const form of formsOf(value)) standIns.set(form, `[secret:${name}]`);
    // the longest first, so that of two that begin alike none is broken by the other
    this.forms = [...standIns.keys()].sort((a, b) => b.length - a.length);
    this.standIns = standIns;
    this.inText = anyOf(this.forms, TOKEN_PATTERN.source);
    // forms that would break the quotes of JSON cannot stand in it, and none begins within an escape
    this.inJson = anyOf(this.forms.filter(isWholeInJson), TOKEN_PATTERN.source, ESCAPE, '"');
  }

  clean(text: string): string {
    return this.isClean(text) ? text : text.replace(this.inText, (found) => this.standIn(found));
  }

  cleanJson(json: string): string {
    if (this.isClean(json)) return json;
    // a number that looks like a secret stays, or this would be JSON no more
    let isString = false;
    return json.replace(this.inJson, (found) => {
      if (found === '"') isString = !isString;
      return isString && found !== '"' ? this.standIn(found) : found;
    });
  }

  /** For texts that come in pieces: holds back what could be the beginning of a secret. */
  stream(): RedactingStream {
    return new RedactingStream(this, (text) => this.openFrom(text));
  }

  private isClean(text: string): boolean {
    return !text.includes('hg') && !this.forms.some((form) => text.includes(form));
  }

  private standIn(found: string): string {
    return this.standIns.get(found) ?? (found.startsWith('hg') ? '[secret:token]' : found);
  }

  /** Where the first secret begins that may go on behind the end; one that is whole before that is passed over. */
  private openFrom(text: string): number {
    let open = this.growingFrom(text, 0);
    if (open === text.length) return open;
    for (const { index, 0: found } of text.matchAll(this.inText)) {
      if (index >= open) break;
      if (index + found.length > open) open = this.growingFrom(text, index + found.length);
    }
    return open;
  }

  private growingFrom(text: string, from: number): number {
    let held = PARTIAL_TOKEN.exec(text.slice(Math.max(from, text.length - 80)))?.[0].length ?? 0;
    for (const form of this.forms) {
      for (let length = Math.min(form.length - 1, text.length - from); length > held; length -= 1) {
        if (text.endsWith(form.slice(0, length))) held = length;
      }
    }
    return text.length - held;
  }
}

export class RedactingStream {
  private held = '';

  constructor(
    private readonly redactor: Redactor,
    private readonly openFrom: (text: string) => number,
  ) {}

  push(text: string): string {
    const all = this.held + text;
    const open = this.openFrom(all);
    this.held = all.slice(open);
    return this.redactor.clean(all.slice(0, open));
  }

  end(): string {
    const rest = this.redactor.clean(this.held);
    this.held = '';
    return rest;
  }
}

const ESCAPE = '\\\\(?:u[0-9a-fA-F]{4}|.)';

function anyOf(forms: readonly string[], ...patterns: string[]): RegExp {
  const exact = forms.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp([...exact, ...patterns].join('|'), 'g');
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
