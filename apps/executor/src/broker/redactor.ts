import { TOKEN_PATTERN } from '#libs/crypto';

export interface KnownSecret {
  name: string;
  value: string;
}

const SPACE = /[ \t\n\r]/;
const WIDE = /[\u0080-\uffff]/;
const PARTIAL_TOKEN = /hg(?:[psftcriwb](?:_(?:[0-9A-Za-z]{0,12}|[0-9A-Za-z]{12}_[0-9A-Za-z]{0,48}))?)?$|h$/;

/** Takes secrets out of texts: their values in the forms in which they travel, and tokens of ours. */
export class Redactor {
  private readonly forms: readonly string[];
  private readonly standIns: ReadonlyMap<string, string>;
  private readonly longest: number;
  /** Kinds of characters that no secret has in any form. */
  private readonly bordersAre: { space: boolean; wide: boolean };

  constructor(secrets: readonly KnownSecret[]) {
    const standIns = new Map<string, string>();
    for (const { name, value } of secrets)
      for (const form of formsOf(value)) standIns.set(form, `[secret:${name}]`);
    // the longest first, so that of two that begin alike none is broken by the other
    this.forms = [...standIns.keys()].sort((a, b) => b.length - a.length);
    this.standIns = standIns;
    this.longest = this.forms[0]?.length ?? 0;
    this.bordersAre = {
      space: !this.forms.some((form) => SPACE.test(form)),
      wide: !this.forms.some((form) => WIDE.test(form)),
    };
  }

  clean(text: string): string {
    return this.isClean(text) ? text : withStandIns(text, this.findings(text));
  }

  /** JSON stays JSON: forms that would break its quotes cannot stand in it, and none begins within an escape or a number. */
  cleanJson(json: string): string {
    if (this.isClean(json)) return json;
    const findings = this.findings(json, isWholeInJson);
    return withStandIns(json, withinStrings(json, findings));
  }

  /** For texts that come in pieces: holds back where a secret could have begun. */
  stream(): RedactingStream {
    return new RedactingStream(this, (text) => this.openFrom(text));
  }

  private isClean(text: string): boolean {
    return !text.includes('hg') && !this.forms.some((form) => text.includes(form));
  }

  /** In their order; of those that begin at the same place the longest first. */
  private findings(text: string, isFit: (form: string) => boolean = () => true): Finding[] {
    const found: Finding[] = [];
    for (const [form, by] of this.standIns) {
      for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1))
        if (isFit(form)) found.push({ at, end: at + form.length, by });
    }
    for (const { index, 0: token } of text.matchAll(TOKEN_PATTERN))
      found.push({ at: index, end: index + token.length, by: '[secret:token]' });
    return found.sort((a, b) => a.at - b.at || b.end - a.end);
  }

  /** Where the part begins that may go on behind the end; a secret that is whole before that is passed over. */
  private openFrom(text: string): number {
    let open = this.heldFrom(text, 0);
    if (open === text.length) return open;
    let end = 0;
    for (const found of this.isClean(text) ? [] : this.findings(text)) {
      if (found.at >= open) break;
      if (found.at < end) continue;
      ({ end } = found);
      if (end > open) open = this.heldFrom(text, end);
    }
    return open;
  }

  /**
   * What is held must not depend on what the secrets are, or whoever chooses the text could guess them letter by letter:
   * as much as the longest may be, back to a character that none of them can have.
   */
  private heldFrom(text: string, from: number): number {
    const token = PARTIAL_TOKEN.exec(text.slice(Math.max(from, text.length - 80)))?.[0].length ?? 0;
    let open = text.length;
    while (open > from && text.length - open < this.longest - 1 && !this.isBorder(text.charAt(open - 1)))
      open -= 1;
    return Math.max(from, Math.min(open, text.length - token));
  }

  private isBorder(unit: string): boolean {
    return (this.bordersAre.wide && WIDE.test(unit)) || (this.bordersAre.space && SPACE.test(unit));
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

interface Finding {
  at: number;
  end: number;
  by: string;
}

function withStandIns(text: string, findings: readonly Finding[]): string {
  let clean = '';
  let end = 0;
  for (const finding of findings) {
    if (finding.at < end) continue;
    clean += text.slice(end, finding.at) + finding.by;
    ({ end } = finding);
  }
  return clean + text.slice(end);
}

const QUOTE_OR_ESCAPE = /"|\\(?:u[0-9a-fA-F]{4}|.)/g;

/** Those that begin in a string of the JSON, and not in the middle of an escape. */
function withinStrings(json: string, findings: readonly Finding[]): Finding[] {
  const marks = json.matchAll(QUOTE_OR_ESCAPE);
  let mark = marks.next().value;
  let isString = false;
  let escapeEnd = 0;
  return findings.filter(({ at }) => {
    for (; mark && mark.index < at; mark = marks.next().value) {
      if (mark[0] === '"') isString = !isString;
      else escapeEnd = mark.index + mark[0].length;
    }
    return isString && at >= escapeEnd;
  });
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
