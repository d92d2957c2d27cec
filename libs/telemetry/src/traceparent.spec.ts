import { describe, expect, it } from '@jest/globals';
import { isSampled, readTraceparent, traceparentOf } from './traceparent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('the header of a trace', () => {
  it.each([1, 0])('is read as it was written, sampled or not (%i)', (traceFlags) => {
    const context = { traceId: TRACE, spanId: SPAN, traceFlags };
    expect(readTraceparent(traceparentOf(context))).toEqual({ ...context, isRemote: true });
    expect(isSampled(context)).toBe(traceFlags === 1);
  });

  it('is W3C’s', () => {
    expect(traceparentOf({ traceId: TRACE, spanId: SPAN, traceFlags: 1 })).toBe(`00-${TRACE}-${SPAN}-01`);
  });

  it('may be of a later version, which says more', () => {
    expect(readTraceparent(`01-${TRACE}-${SPAN}-03-more`)).toMatchObject({ traceId: TRACE, traceFlags: 1 });
  });

  it.each([
    undefined,
    '',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01x`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
  ])('says nothing where it is %j', (text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });
});
