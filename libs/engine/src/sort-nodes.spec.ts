import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PlanNode } from './plan.ts';
import { sortNodes } from './sort-nodes.ts';

type Link = readonly [from: number, to: number];

function inputsOf(links: readonly Link[]): Map<string, PlanNode['inputs']> {
  const inputs = new Map<string, PlanNode['inputs']>();
  links.forEach(([from, to], index) => {
    const fields = inputs.get(`n${to}`) ?? {};
    fields[`field${index}`] = { isList: false, from: [{ node: `n${from}`, output: 'out' }] };
    inputs.set(`n${to}`, fields);
  });
  return inputs;
}

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
const link = fc.tuple(fc.nat(9), fc.nat(9));

/** Whether one can come back to a node by going along the edges. */
function hasCycle(links: readonly Link[]): boolean {
  const reaches = (from: number, to: number, seen: Set<number>): boolean =>
    links.some(([a, b]) => a === from && (b === to || (!seen.has(b) && reaches(b, to, seen.add(b)))));
  return links.some(([from]) => reaches(from, from, new Set()));
}

describe('the order of nodes', () => {
  it('puts every node behind what feeds it, and holds each once', () => {
    const acyclic = fc.array(
      link.filter(([from, to]) => from < to),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(acyclic, fc.shuffledSubarray(idsOf(10), { minLength: 10 }), (links, ids) => {
        const order = sortNodes(ids, inputsOf(links)) ?? [];
        expect(order.toSorted()).toEqual(ids.toSorted());
        for (const [from, to] of links)
          expect(order.indexOf(`n${from}`)).toBeLessThan(order.indexOf(`n${to}`));
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it('is none exactly where there is a cycle', () => {
    fc.assert(
      fc.property(fc.array(link, { maxLength: 12 }), (links) => {
        expect(sortNodes(idsOf(10), inputsOf(links)) === undefined).toBe(hasCycle(links));
      }),
      { numRuns: 1_000, seed: 7 },
    );
  });

  it('keeps the given order where nothing else decides', () => {
    expect(sortNodes(['c', 'a', 'b'], new Map())).toEqual(['c', 'a', 'b']);
  });
});
