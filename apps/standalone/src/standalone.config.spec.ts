import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '#libs/config';
import { defaultDataDirectory, StandaloneConfig } from './standalone.config.ts';

describe('the environment of a start', () => {
  it('may say nothing', () => {
    const { HEADGATE_DATA_DIR, ...config } = readConfig(StandaloneConfig, {});
    expect(isAbsolute(HEADGATE_DATA_DIR)).toBe(true);
    expect(config).toEqual({
      HEADGATE_HOST: '127.0.0.1',
      HEADGATE_PORT: 4600,
      HEADGATE_PROBE_HOST: '127.0.0.1',
      HEADGATE_EGRESS_ALLOW: [],
      HEADGATE_MAX_RUNNERS: 8,
      HEADGATE_PREWARMED_RUNNERS: 2,
      HEADGATE_SHUTDOWN_GRACE_MS: 30_000,
      HEADGATE_LOG_LEVEL: 'warn',
    });
  });

  it('may name a data directory from where it is started', () => {
    const { HEADGATE_DATA_DIR } = readConfig(StandaloneConfig, { HEADGATE_DATA_DIR: 'data' });
    expect(HEADGATE_DATA_DIR).toBe(resolve('data'));
  });
});

describe('the data directory where none is named', () => {
  it('is the one of the system for root', () => {
    expect(defaultDataDirectory(true, '/data', '/root')).toBe('/var/lib/headgate');
  });

  it("is within the user's own data, wherever these are", () => {
    expect(defaultDataDirectory(false, '/data', '/home/me')).toBe('/data/headgate');
    expect(defaultDataDirectory(false, '', '/home/me')).toBe('/home/me/.local/share/headgate');
    expect(defaultDataDirectory(false, '')).toBe(join(homedir(), '.local/share/headgate'));
  });

  it('is not where the start happened to be, although a relative place is given', () => {
    expect(defaultDataDirectory(false, 'data', '/home/me')).toBe('/home/me/.local/share/headgate');
  });
});
