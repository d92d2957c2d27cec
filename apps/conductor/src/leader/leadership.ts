import { setTimeout as sleep } from 'node:timers/promises';
import { conductedByAnother, isOutage, LEADER_UNTIL_MS, takeLead, watchLead } from '#libs/database';
import type { Logger } from '#libs/telemetry';
import { type Connection, connect, cut } from './connection.ts';
import { LeaderSession } from './session.ts';

export interface LeadershipOptions {
  url: string;
  /** What becomes of one who finds another leading when it begins. */
  begin: 'refuse' | 'stand by';
  /** It leads, in a term that is not the one it began with. */
  led: (session: LeaderSession) => void;
  /** It was cut off and leads on, nobody else having led meanwhile: what was under way may or may not have happened. */
  reconnected: () => void;
  /** It leads no more. */
  lost: (session: LeaderSession) => void;
  log: Logger;
}

const RENEW_MS = LEADER_UNTIL_MS / 3;
const POLL_MS = LEADER_UNTIL_MS / 5;
/** When a silent leader has been ended, its lock comes free at once. */
const SOON_MS = 20;
const PAUSE_MS = 250;
const ANSWER_MS = 3_000;
/** One who resigns lets others go first. */
const REST_MS = 1_000;
const MAX_MISSED = 3;

/** Stands for election as long as it lives: one leads, and only it can write. */
export class Leadership {
  private connection: Connection | undefined;
  private session: LeaderSession | undefined;
  private standing: Promise<void> = Promise.resolve();
  private readonly closing = Promise.withResolvers<void>();
  private isClosed = false;
  private restMs = 0;
  private renewing: NodeJS.Timeout | undefined;

  constructor(private readonly options: LeadershipOptions) {}

  /** Resolves with the session where it leads at once; else it stands by, or refuses to. */
  async start(): Promise<LeaderSession | undefined> {
    const connection = await this.connect();
    try {
      const term = await takeLead(connection.client, undefined);
      if (term === undefined && this.options.begin === 'refuse') throw conductedByAnother();
      if (term !== undefined) this.session = this.begin(connection, term);
    } catch (cause) {
      await connection.client.end();
      throw cause;
    }
    const { session } = this;
    this.standing = this.stand(connection, session !== undefined);
    return session;
  }

  /** Gives the lead up, for one who cannot do with it what it should. */
  resign(session: LeaderSession): void {
    if (session !== this.session) return;
    this.restMs = REST_MS;
    this.lose('it has resigned');
    if (this.connection) cut(this.connection.client);
  }

  /** From now on a connection that is lost does not come back, so that nobody waits for it. */
  retire(): void {
    this.isClosed = true;
    this.closing.resolve();
    if (!this.connection) this.session?.end('the session is closed');
  }

  async close(): Promise<void> {
    this.retire();
    clearInterval(this.renewing);
    await this.connection?.client.end().catch(() => undefined);
    await this.standing;
  }

  private async stand(first: Connection, isLeading: boolean): Promise<void> {
    let connection: Connection | undefined = first;
    let leads = isLeading;
    let hasFailed = false;
    while (!this.isClosed || leads) {
      try {
        if (connection && leads) {
          await this.serve(connection);
          [connection, leads] = [undefined, false];
        } else if (connection) {
          leads = await this.elect(connection);
          hasFailed = false;
        } else {
          await this.pause(this.restMs);
          this.restMs = 0;
          connection = await this.connect();
        }
      } catch (cause) {
        if (!hasFailed && !isOutage(cause))
          this.options.log.warn({ err: cause }, 'standing for election failed');
        hasFailed = true;
        if (connection) cut(connection.client);
        connection = undefined;
        await this.pause(PAUSE_MS);
      }
    }
    await connection?.client.end().catch(() => undefined);
    this.session?.end('the session is closed');
  }

  /** Says that it leads as long as its connection lasts. */
  private async serve({ client, ended }: Connection): Promise<void> {
    const { session } = this;
    let missed = 0;
    // a count of turns, not a time: one that was frozen first hears what has happened
    this.renewing = setInterval(() => {
      missed = session?.isRenewalDue ? missed + 1 : 0;
      if (missed >= MAX_MISSED && this.options.begin === 'stand by') cut(client);
      else session?.renew();
    }, RENEW_MS);
    await ended;
    clearInterval(this.renewing);
  }

  /** Takes the lead if it can be had, else waits a moment. */
  private async elect(connection: Connection): Promise<boolean> {
    const { client } = connection;
    const late = setTimeout(() => cut(client), ANSWER_MS);
    try {
      const before = this.session;
      const term = await takeLead(client, before?.term);
      if (term === undefined) {
        const leader = await watchLead(client);
        clearTimeout(late);
        if (leader && leader.term !== before?.term)
          this.lose('Another Headgate conducts the runs of this database.');
        await this.pause(Math.max(SOON_MS, Math.min(POLL_MS, leader?.leftMs ?? POLL_MS)));
        return false;
      }
      if (this.isClosed) return false;
      if (term === before?.term) {
        before.connect(client);
        setImmediate(this.options.reconnected);
      } else {
        this.lose('Another Headgate has conducted the runs of this database.');
        this.session = this.begin(connection, term);
        this.options.led(this.session);
      }
      return true;
    } finally {
      clearTimeout(late);
    }
  }

  private begin({ client }: Connection, term: number): LeaderSession {
    const session = new LeaderSession(term);
    session.connect(client);
    return session;
  }

  private lose(why: string): void {
    const { session } = this;
    if (!session) return;
    this.session = undefined;
    session.end(why);
    this.options.lost(session);
  }

  private async connect(): Promise<Connection> {
    const { url, begin } = this.options;
    const connection = await connect(url, begin === 'stand by');
    this.connection = connection;
    connection.client.once('end', () => {
      if (this.connection !== connection) return;
      this.connection = undefined;
      this.session?.connect(undefined);
    });
    return connection;
  }

  private async pause(ms: number): Promise<void> {
    if (ms > 0) await Promise.race([sleep(ms, undefined, { ref: false }), this.closing.promise]);
  }
}
