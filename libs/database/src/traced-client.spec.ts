import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { newId } from '#libs/kernel';
import { startRoot, traceOfRun } from '#libs/telemetry';
import { createEmptyDatabase, type OtlpReceiver, traceInProcess } from '#libs/testing';
import { createClient, createPool, type Pool } from './pool.ts';

describe('a statement', () => {
  let receiver: OtlpReceiver & { end(): Promise<void> };
  let pool: Pool;
  let url: string;
  beforeAll(async () => {
    receiver = await traceInProcess();
    url = await createEmptyDatabase();
    pool = createPool({ url, size: 1, name: 'test' });
  });
  afterAll(async () => {
    await pool.end();
    await receiver.end();
  });

  /** The statements that are asked within a piece of work. */
  const asked = async (work: () => Promise<unknown>) => {
    const traceId = traceOfRun(newId());
    const span = startRoot('work', traceId);
    await context.with(trace.setSpan(ROOT_CONTEXT, span), work).catch(() => undefined);
    span.end();
    const spans = await receiver.trace(traceId, ['work']);
    return spans
      .filter(({ name }) => name !== 'work')
      .map(({ name, isError, parentId, attributes }) => ({
        name,
        isError,
        isChild: parentId === span.spanContext().spanId,
        code: attributes['db.response.status_code'],
      }));
  };
  const told = (name: string, more = {}) => ({
    name,
    isError: false,
    isChild: true,
    code: undefined,
    ...more,
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['its name', () => pool.query({ name: 'claim', text: 'select $1', values: ['hunter2'] }), 'pg claim'],
    ['what it does', () => pool.query(` INSERT into nothing values ('hunter2')`).catch(() => 1), 'pg insert'],
    [
      'what it does where its name is a number',
      () => pool.query({ name: 'hg_7', text: 'select 1' }),
      'pg select',
    ],
  ])('is a span under what it is for, called by %s', async (_what, ask, name) => {
    expect((await asked(ask)).map((span) => [span.name, span.isChild])).toEqual([[name, true]]);
  });

  it('has the code of its failure, and answers as it would', async () => {
    await expect(pool.query('select * from hunter2')).rejects.toThrow('hunter2');
    expect(await asked(() => pool.query('select * from hunter2'))).toEqual([
      told('pg select', { isError: true, code: '42P01' }),
    ]);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('is told of a connection of its own too', async () => {
    const client = createClient({ url, name: 'test' });
    await client.connect();
    expect(await asked(() => client.query('select 1'))).toEqual([told('pg select')]);
    await client.end();
  });

  it('of what is over, or of nobody, is no span', async () => {
    let over: Promise<unknown> = Promise.resolve();
    const gate = Promise.withResolvers<void>();
    const spans = await asked(async () => {
      over = gate.promise.then(() => pool.query('select 1'));
    });
    gate.resolve();
    await over;
    await pool.query('select 1');
    expect(spans).toEqual([]);
    expect(receiver.spans.filter(({ parentId, name }) => parentId === '' && name.startsWith('pg'))).toEqual(
      [],
    );
  });

  it('tells nothing of what it says or is given', () => {
    expect(receiver.faults).toEqual([]);
    expect(Buffer.concat(receiver.bodies).includes('pg claim')).toBe(true);
    expect(Buffer.concat(receiver.bodies).includes('hunter2')).toBe(false);
  });
});
