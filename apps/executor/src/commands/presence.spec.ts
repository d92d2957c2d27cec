import { describe, expect, it } from '@jest/globals';
import { Presence } from './presence.ts';

describe('the presence of an executor', () => {
  const make = () => {
    const clock = { ms: 0 };
    const presence = new Presence(() => clock.ms);
    const pass = (ms: number) => {
      clock.ms += ms;
    };
    return { presence, pass };
  };
  const never = new AbortController().signal;

  it('lasts while its word is taken', () => {
    const { presence, pass } = make();
    for (let second = 0; second < 10; second += 1) {
      pass(3_900);
      presence.heard();
    }
    expect(presence.isParked).toBe(false);
  });

  it('ends after four seconds of which nobody heard, and does not come back by itself', () => {
    const { presence, pass } = make();
    pass(4_001);
    presence.heard();
    expect(presence.isParked).toBe(true);
    presence.answered(presence.speak());
    expect(presence.isParked).toBe(false);
    pass(4_001);
    expect(presence.isParked).toBe(true);
  });

  it('is not given back by an answer to what was said before a silence', () => {
    const { presence, pass } = make();
    const before = presence.speak();
    pass(4_001);
    presence.answered(before);
    expect(presence.isParked).toBe(true);
    const parked = presence.speak();
    pass(4_001);
    presence.answered(parked);
    presence.answered(parked + 1);
    expect(presence.isParked).toBe(true);
    const last = presence.speak();
    pass(3_999);
    presence.answered(last);
    expect(presence.isParked).toBe(false);
  });

  it('holds back whoever asks meanwhile, until the roll is called or nobody wants it any more', async () => {
    const { presence, pass } = make();
    expect(presence.whenPresent(never)).toBeUndefined();
    pass(5_000);
    const gone = new AbortController();
    const order: string[] = [];
    const [left, stayed] = [
      presence.whenPresent(gone.signal)?.then(() => order.push('left')),
      presence.whenPresent(never)?.then(() => order.push('went on')),
    ];
    gone.abort();
    await left;
    presence.answered(presence.speak());
    await stayed;
    expect(order).toEqual(['left', 'went on']);
  });
});
