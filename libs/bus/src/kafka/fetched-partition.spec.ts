import { describe, expect, it } from '@jest/globals';
import { TOPICS } from '#libs/contracts';
import type { Delivery } from '../bus.ts';
import { FetchedPartition } from './fetched-partition.ts';

const MIB = 1024 * 1024;

const deliveryAt = (offset: number, bytes = 1): Delivery => ({
  topic: TOPICS.runEvent,
  partition: 0,
  offset,
  key: 'key',
  headers: {},
  value: Buffer.alloc(bytes),
  sentAtMs: 0,
});

const make = () => {
  const told: (number | boolean)[] = [];
  const partition = new FetchedPartition({
    handled: (offset) => told.push(offset),
    hold: (isHeld) => told.push(isHeld),
  });
  const offsets = () => partition.read(500).deliveries.map(({ offset }) => offset);
  return { partition, told, offsets };
};

describe('what was fetched of a partition', () => {
  it('is read in its order and no more than asked for, and wakes its reader', () => {
    const { partition } = make();
    let woken = 0;
    partition.wake = () => woken++;
    expect(partition.read(2)).toEqual({ deliveries: [], waitMs: undefined });
    partition.push([deliveryAt(5), deliveryAt(6), deliveryAt(7)]);
    expect(woken).toBe(1);
    expect(partition.read(2)).toEqual({ deliveries: [deliveryAt(5), deliveryAt(6)], waitMs: 0 });
  });

  it('stays until it has been handled, which is told where something went', () => {
    const { partition, told, offsets } = make();
    partition.push([deliveryAt(5), deliveryAt(6), deliveryAt(9)]);
    partition.advance(5);
    expect([told, offsets()]).toEqual([[], [5, 6, 9]]);
    partition.advance(7);
    expect([told, offsets()]).toEqual([[7], [9]]);
    partition.advance(10);
    expect([told, offsets()]).toEqual([[7, 10], []]);
  });

  it('is not taken twice when it comes again after a rebalance', () => {
    const { partition, offsets } = make();
    expect(partition.next).toBeUndefined();
    partition.push([deliveryAt(5), deliveryAt(6)]);
    partition.advance(6);
    partition.push([deliveryAt(5), deliveryAt(6), deliveryAt(7)]);
    expect([offsets(), partition.next]).toEqual([[6, 7], 8]);
  });

  it('is held where more than 4 MiB wait, once, and goes on below half of that', () => {
    const { partition, told } = make();
    partition.push([1, 2, 3, 4].map((offset) => deliveryAt(offset, MIB)));
    expect(told).toEqual([]);
    partition.push([deliveryAt(5)]);
    partition.push([deliveryAt(6)]);
    expect(told).toEqual([true]);
    partition.advance(3);
    expect(told).toEqual([true, 3]);
    partition.advance(4);
    expect(told).toEqual([true, 3, false, 4]);
  });

  it('is given up when it is closed', () => {
    const { partition, told, offsets } = make();
    partition.push([deliveryAt(5, 4 * MIB)]);
    partition.close();
    expect(offsets()).toEqual([]);
    // nothing of it counts any more
    partition.push([deliveryAt(6)]);
    partition.advance(7);
    expect(told).toEqual([7]);
  });
});
