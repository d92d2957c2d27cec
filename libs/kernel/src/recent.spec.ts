import { describe, expect, it } from '@jest/globals';
import { Recent } from './recent.ts';

describe('what was set last', () => {
  it('is kept up to so much, and what was set longest ago goes', () => {
    const recent = new Recent<string, number>(2).set('a', 1).set('b', 2).set('c', 3);
    expect([...recent]).toEqual([
      ['b', 2],
      ['c', 3],
    ]);
  });

  it('is as young as its last setting', () => {
    const recent = new Recent<string, number>(2).set('a', 1).set('b', 2).set('a', 3).set('c', 4);
    expect([...recent]).toEqual([
      ['a', 3],
      ['c', 4],
    ]);
  });
});
