import { describe, expect, it } from '@jest/globals';
import { TOPICS } from '#libs/contracts';
import { deadLetterOf } from './dead-letter.ts';

const MAX_BYTES = 900_000;
const HUGE = 'x'.repeat(MAX_BYTES);
const delivery = {
  topic: TOPICS.runEvent,
  partition: 3,
  offset: 7,
  key: 'key',
  headers: { 'a-header': 'of the message' },
  value: Buffer.from('?'),
  sentAtMs: 0,
};

describe('a dead letter', () => {
  it.each([
    ['key', { key: HUGE }, 'a reason'],
    ['header', { headers: { huge: HUGE } }, 'a reason'],
    ['name of a header', { headers: { [HUGE]: '' } }, 'a reason'],
    ['body', { value: Buffer.from(HUGE) }, 'a reason'],
    ['reason', {}, HUGE],
  ])('can be sent whatever the %s that somebody wrote', (_what, huge, reason) => {
    const { key, headers, value } = deadLetterOf('reader', { ...delivery, ...huge }, reason, MAX_BYTES);
    const around = Buffer.byteLength(JSON.stringify({ key, headers }));
    expect(value.length + around).toBeLessThan(MAX_BYTES);
    expect(headers).toMatchObject({ 'dead-partition': '3', 'dead-offset': '7' });
  });

  it('keeps what fits whole', () => {
    const { key, headers, value } = deadLetterOf('reader', delivery, 'a reason', MAX_BYTES);
    expect({ key, value }).toEqual({ key: delivery.key, value: delivery.value });
    expect(headers).toMatchObject({ ...delivery.headers, 'dead-reason': 'a reason' });
  });
});
