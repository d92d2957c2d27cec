import { atMost } from '#libs/kernel';
import { Leadership, type LeadershipOptions } from './leader/leadership.ts';
import type { LeaderSession } from './leader/session.ts';
import { Term, type TermFigures, type TermOptions } from './term.ts';

export interface ConductorOptions extends TermOptions {
  databaseUrl: string;
  /** What it does where another conducts: it is refused unless it is to stand by. */
  begin?: LeadershipOptions['begin'];
}

/** A database that is silent is not waited for. */
const STOP_MS = 5_000;

/** The one who says which run goes where, and when; or one who stands by to be it. */
export class Conductor {
  private readonly leadership: Leadership;
  private term: Term | undefined;

  constructor(private readonly options: ConductorOptions) {
    const { databaseUrl, begin = 'refuse', log } = options;
    this.leadership = new Leadership({
      url: databaseUrl,
      begin,
      led: (session) => void this.lead(session),
      reconnected: () => this.term?.takeStock(),
      lost: () => this.leave(),
      log,
    });
  }

  get isLeading(): boolean {
    return this.term !== undefined;
  }

  /** Of the term in which it leads. */
  get figures(): TermFigures | undefined {
    return this.term?.figures;
  }

  async start(): Promise<void> {
    const session = await this.leadership.start();
    if (session) await this.take(session).start();
  }

  async stop(): Promise<void> {
    this.leadership.retire();
    for (const work of [() => this.term?.end(), () => this.leadership.close()])
      await atMost(STOP_MS, Promise.resolve(work()));
  }

  private async lead(session: LeaderSession): Promise<void> {
    const { log } = this.options;
    log.info({ term: session.term }, 'this conductor leads');
    try {
      await this.take(session).start();
    } catch (cause) {
      if (session.isOver) return;
      log.error({ err: cause }, 'the term could not begin, another may try');
      this.leadership.resign(session);
    }
  }

  private take(session: LeaderSession): Term {
    this.term = new Term(session, this.options);
    return this.term;
  }

  private leave(): void {
    const { term } = this;
    this.term = undefined;
    this.options.log.warn('this conductor leads no more');
    term?.end().catch((cause: unknown) => this.options.log.warn({ err: cause }, 'a term ended badly'));
  }
}
