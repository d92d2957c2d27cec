import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { EgressAllow } from './egress-allow.ts';
import { ConfigError, readConfig } from './read-config.ts';

const Config = z.object({
  HEADGATE_PORT: z.coerce.number().int().max(65_535).default(4600),
  HEADGATE_HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z.url().optional(),
  HEADGATE_EGRESS_ALLOW: EgressAllow,
});

function faultsOf(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(Config, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'none';
}

describe('reading the configuration', () => {
  it('gives what the environment says, and else the defaults', () => {
    const config = readConfig(Config, { HEADGATE_PORT: '80', PATH: '/bin' });
    expect(config).toEqual({ HEADGATE_PORT: 80, HEADGATE_HOST: '127.0.0.1', HEADGATE_EGRESS_ALLOW: [] });
  });

  it('takes an empty variable for an absent one', () => {
    const config = readConfig(Config, { HEADGATE_PORT: '', HEADGATE_HOST: '', DATABASE_URL: '' });
    expect(config.HEADGATE_PORT).toBe(4600);
    expect(config.HEADGATE_HOST).toBe('127.0.0.1');
    expect(config.DATABASE_URL).toBeUndefined();
  });

  it('lists all faults, each with its variable', () => {
    const message = faultsOf({
      HEADGATE_PORT: '70000',
      DATABASE_URL: 'nowhere',
      HEADGATE_EGRESS_ALLOW: 'good:80, bad:0, worse/24',
    });
    expect(message.split('\n')).toEqual([
      'The environment does not fit:',
      expect.stringMatching(/^ {2}HEADGATE_PORT: ./),
      expect.stringMatching(/^ {2}DATABASE_URL: ./),
      expect.stringContaining('  HEADGATE_EGRESS_ALLOW: "bad:0" is not'),
      expect.stringContaining('  HEADGATE_EGRESS_ALLOW: "worse/24" is not'),
    ]);
  });
});
