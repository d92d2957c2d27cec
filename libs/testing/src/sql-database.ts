import type pg from 'pg';
import { createPool, type Login, loginUrl } from '#libs/database';
import { createTestDatabase, TEST_PASSWORDS } from './postgres-for-tests.ts';

/** A migrated database of a test's own, with a way in under each login. */
export class SqlDatabase {
  private readonly pools: pg.Pool[] = [];
  private readonly admin: pg.Pool;

  private constructor(readonly adminUrl: string) {
    this.admin = this.open(adminUrl, 2);
  }

  static async create(): Promise<SqlDatabase> {
    return new SqlDatabase(await createTestDatabase());
  }

  /** For a database that a test made itself. */
  static of(adminUrl: string): SqlDatabase {
    return new SqlDatabase(adminUrl);
  }

  url(login: Login): string {
    return loginUrl(this.adminUrl, login, TEST_PASSWORDS);
  }

  /** A pool under a login, ended with the database. */
  pool(login: Login, size = 2): pg.Pool {
    return this.open(this.url(login), size);
  }

  /** Looks as the superuser: row-level security does not hide anything from a test's eyes. */
  async rows<Row extends object>(statement: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.admin.query<Row>(statement, values)).rows;
  }

  /** Tries a bad change as the superuser and takes it back. */
  async trying<Result>(change: string, look: (client: pg.ClientBase) => Promise<Result>): Promise<Result> {
    const client = await this.admin.connect();
    try {
      await client.query('begin');
      await client.query(change);
      return await look(client);
    } finally {
      await client.query('rollback');
      client.release();
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.end()));
  }

  private open(url: string, size: number): pg.Pool {
    const pool = createPool({ url, size, name: 'test' });
    this.pools.push(pool);
    return pool;
  }
}

/** The SQLSTATE with which the database refuses, or `none` where it does what was asked. */
export async function sqlStateOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    // Prisma has codes of its own, and keeps the database's in the text
    const state = code?.startsWith('P') ? /\b(?:Code: `?|code: ")([0-9A-Z]{5})\b/.exec(message)?.[1] : code;
    return state ?? `${code}: ${message}`;
  }
}
