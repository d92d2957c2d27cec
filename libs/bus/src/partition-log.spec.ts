import { describe, expect, it } from '@jest/globals';
import { TOPICS } from '#libs/contracts';
import { PartitionLog } from './partition-log.ts';

const message = (text: string) => ({
  topic: TOPICS.runEvent,
  key: 'key',
  headers: {},
  value: Buffer.from(text),
});

describe('a partition', () => {
  it('gives its memory back when everyone has read, and not before', () => {
    const log = new PartitionLog(TOPICS.runEvent, 0);
    const quick = log.openAtEnd();
    const slow = log.openForGroup('slow');
    log.append(message('12345'), 0);
    log.append(message('123'), 0);
    expect(log.unreadBytes).toBe(8);
    quick.advance(2);
    expect(log.unreadBytes).toBe(8);
    slow.advance(1);
    expect(log.unreadBytes).toBe(3);
    slow.advance(2);
    expect(log.unreadBytes).toBe(0);
    expect(log.end).toBe(2);
  });

  it('waits for no reader that was alone and left', () => {
    const log = new PartitionLog(TOPICS.runEvent, 0);
    const gone = log.openAtEnd();
    const stays = log.openAtEnd();
    log.append(message('12345'), 0);
    stays.advance(1);
    gone.close();
    expect(log.unreadBytes).toBe(0);
  });

  it('keeps what a group has not read while none of its members is there', () => {
    const log = new PartitionLog(TOPICS.runEvent, 0);
    log.openForGroup('group').close();
    log.append(message('one'), 0);
    const { deliveries } = log.openForGroup('group').read(10);
    expect(deliveries.map((delivery) => delivery.value.toString())).toEqual(['one']);
  });

  it("lets a group's next member go on where its last one stopped, whoever else is behind", () => {
    const log = new PartitionLog(TOPICS.runEvent, 0);
    log.openForGroup('behind');
    const cursor = log.openForGroup('group');
    log.append(message('one'), 0);
    log.append(message('two'), 0);
    cursor.advance(1);
    cursor.close();
    const { deliveries } = log.openForGroup('group').read(10);
    expect(deliveries.map((delivery) => delivery.value.toString())).toEqual(['two']);
  });

  it('keeps the last 10,000 messages that nobody reads, for who comes', () => {
    const log = new PartitionLog(TOPICS.runEvent, 0);
    for (let index = 0; index < 10_005; index += 1) log.append(message('x'), 0);
    expect(log.unreadBytes).toBe(10_000);
    const { deliveries } = log.openForGroup('late').read(1);
    expect(deliveries[0]?.offset).toBe(5);
  });

  it('says when a message has been read by everyone', async () => {
    const log = new PartitionLog(TOPICS.runEvent, 0);
    const cursor = log.openAtEnd();
    log.append(message('one'), 0);
    log.append(message('two'), 0);
    let isRead = false;
    const read = log.whenReadPast(1).then(() => {
      isRead = true;
    });
    cursor.advance(1);
    await new Promise(setImmediate);
    expect(isRead).toBe(false);
    cursor.advance(2);
    await read;
    await log.whenReadPast(0);
  });

  it('lets nobody wait for a reader that is gone', async () => {
    const log = new PartitionLog(TOPICS.runEvent, 0);
    const cursor = log.openAtEnd();
    log.append(message('one'), 0);
    const read = log.whenReadPast(0);
    cursor.close();
    await read;
  });

  it('says how long a delayed message stays hidden, and hides what stands behind it', () => {
    const log = new PartitionLog(TOPICS.runEvent, 0);
    const cursor = log.openAtEnd();
    log.append(message('now'), 0);
    log.append(message('later'), 60_000);
    log.append(message('behind'), 0);
    expect(cursor.read(10).deliveries).toHaveLength(1);
    cursor.advance(1);
    const { deliveries, waitMs = 0 } = cursor.read(10);
    expect(deliveries).toEqual([]);
    expect(waitMs).toBeGreaterThan(50_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  });
});
