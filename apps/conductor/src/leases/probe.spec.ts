import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DONE, EmbeddedBus, oneByOne } from '#libs/bus';
import { ConductorProbe, TOPICS } from '#libs/contracts';
import { until } from '#libs/testing';
import { Liveness } from './liveness.ts';
import { Probe } from './probe.ts';

describe("the conductor's probe", () => {
  let bus: EmbeddedBus;
  let came: number[];
  let probe: Probe;
  let nonces: string[];
  beforeEach(async () => {
    bus = new EmbeddedBus({ partitions: 1 });
    const liveness = new Liveness();
    came = [];
    liveness.probeCame = (nowMs) => {
      came.push(nowMs);
    };
    probe = new Probe(bus, liveness);
    nonces = [];
    await bus.subscribe({
      reader: 'test',
      topic: TOPICS.executorStatus,
      group: 'alone',
      handle: oneByOne(({ value }) => {
        nonces.push(ConductorProbe.decode(value).data.nonce);
        return DONE;
      }),
    });
    probe.start();
    await until('it is sent', () => nonces.length === 1);
  });
  afterEach(async () => {
    probe.stop();
    await bus.close();
  });

  it('makes silence count when it comes back, once', () => {
    const [nonce = ''] = nonces;
    expect([probe.came(nonce), probe.came(nonce)]).toEqual([true, false]);
    expect(came).toHaveLength(1);
  });

  it('counts for nothing where somebody else has made it', () => {
    expect(['', 'forged', nonces[0]?.slice(1) ?? ''].map((nonce) => probe.came(nonce))).toEqual([
      false,
      false,
      false,
    ]);
    expect(came).toEqual([]);
  });
});
