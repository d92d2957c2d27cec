import { describe, expect, it } from '@jest/globals';
import { Liveness } from './liveness.ts';

describe('an executor that is not heard any more', () => {
  const probes = (liveness: Liveness, fromMs: number, count: number) => {
    for (let index = 0; index < count; index += 1) liveness.probeCame(fromMs + index * 1_000);
  };

  it('is lost after five seconds in which our own word came through', () => {
    const liveness = new Liveness();
    liveness.heard('silent');
    probes(liveness, 0, 6);
    expect(liveness.lost()).toEqual([]);
    liveness.heard('there');
    probes(liveness, 6_000, 1);
    expect(liveness.lost()).toEqual(['silent']);
  });

  it('is not lost while our own word does not come either, however long', () => {
    const liveness = new Liveness();
    liveness.heard('silent');
    probes(liveness, 0, 3);
    probes(liveness, 100_000, 3);
    expect(liveness.lost()).toEqual([]);
    probes(liveness, 103_000, 3);
    expect(liveness.lost()).toEqual(['silent']);
  });

  it('gains nothing from words that come all at once', () => {
    const liveness = new Liveness();
    liveness.heard('silent');
    liveness.probeCame(0);
    for (let late = 0; late < 60; late += 1) liveness.probeCame(60_000 + late);
    expect(liveness.lost()).toEqual([]);
  });

  it('has all its time where only the table tells of it, and no more for being told of again', () => {
    const liveness = new Liveness();
    probes(liveness, 0, 4);
    liveness.expect('of the table');
    probes(liveness, 4_000, 3);
    liveness.expect('of the table');
    expect(liveness.lost()).toEqual([]);
    probes(liveness, 7_000, 3);
    expect(liveness.lost()).toEqual(['of the table']);
  });

  it('is lost once', () => {
    const liveness = new Liveness();
    liveness.heard('silent');
    probes(liveness, 0, 10);
    liveness.forget('silent');
    expect(liveness.lost()).toEqual([]);
  });
});
