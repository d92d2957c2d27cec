import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';

/** They read the machine's clock, and nothing is decided by it but how long something of this process took. */
const BY_THE_MACHINE = [
  'apps/executor/src/spans/exported-attempt.ts',
  'libs/bus/src/partition-log.ts',
  'libs/bus/src/partition-reader.ts',
  'libs/database/src/embedded/embedded-postgres.ts',
  'libs/http/src/trace-requests.ts',
  'libs/kernel/src/clock.ts',
];
const READS_THE_MACHINE = /\bDate\.now\(\)|\bnew Date\(\)/;

describe('the time of day', () => {
  it('comes from the one clock of the cell, but where nothing depends on it', () => {
    const sources = globSync('{apps,libs}/*/src/**/*.ts', {
      cwd: projectRoot(),
      exclude: ['**/*.spec.ts', 'libs/testing/**', '**/generated/**'],
    });
    const readers = sources.filter((path) =>
      READS_THE_MACHINE.test(readFileSync(join(projectRoot(), path), 'utf8')),
    );
    expect(readers.sort()).toEqual(BY_THE_MACHINE);
  });
});
