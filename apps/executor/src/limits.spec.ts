import { describe, expect, it } from '@jest/globals';
import { EgressAllow } from '#libs/config';
import { ProcessDriver } from '#libs/sandbox';
import { limitsOf } from './limits.ts';

class KeepingDriver extends ProcessDriver {
  override readonly guarantees: ProcessDriver['guarantees'] = ['env', 'kill', 'net'];
}

describe('the limits of an executor', () => {
  it('are none where its driver keeps flows in and nothing private is allowed', () => {
    expect(limitsOf(new KeepingDriver(), [])).toEqual([]);
  });

  it("name a driver that keeps no strangers' code in", () => {
    expect(limitsOf(new ProcessDriver(), [])).toEqual([
      `The sandbox driver "process" keeps no strangers' code in: only built-in components run.`,
    ]);
  });

  it('name where flows may go although it is private, as it was allowed', () => {
    const egress = EgressAllow.parse('model.internal, 10.0.0.0/8,[fd00::1]:8080');
    expect(limitsOf(new KeepingDriver(), egress)).toEqual([
      'Flows may reach model.internal, 10.0.0.0/8, [fd00::1]:8080 (HEADGATE_EGRESS_ALLOW).',
    ]);
  });
});
