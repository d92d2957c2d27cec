import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';

const REPORTER = join(projectRoot(), 'scripts', 'closing-line.cjs');
const LONG = globSync('{apps,libs,test}/**/*.long.spec.ts', { cwd: projectRoot() }).sort();

/** What the reporter prints about a run in which these files were run. */
function said(files: string[], isSet = false): string[] {
  const results = {
    testResults: [
      {
        testFilePath: join(projectRoot(), 'libs', 'a.spec.ts'),
        testResults: [{ status: 'pending', fullName: 'a rule that has to wait' }],
      },
      ...files.map((file) => ({ testFilePath: join(projectRoot(), file), testResults: [] })),
    ],
    numPassedTests: 3,
    numFailedTests: 1,
    numRuntimeErrorTestSuites: 1,
  };
  const script = `
    const Reporter = require(${JSON.stringify(REPORTER)});
    const config = { rootDir: ${JSON.stringify(projectRoot())}, testPathPatterns: { isSet: () => ${isSet} } };
    new Reporter(config).onRunComplete([], ${JSON.stringify(results)});`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  return stdout.trim().split('\n');
}

describe('the closing line of the suite', () => {
  it('comes after the names of all that was skipped, files that take long among them', () => {
    expect(LONG.length).toBeGreaterThan(0);
    expect(said([])).toEqual([
      'skipped: libs/a.spec.ts: a rule that has to wait',
      ...LONG.map((file) => `skipped: ${file}`),
      `3 passed, 2 failed, ${1 + LONG.length} skipped`,
    ]);
  });

  it('counts no file that was run, and none where only some were asked for', () => {
    const alone = ['skipped: libs/a.spec.ts: a rule that has to wait', '3 passed, 2 failed, 1 skipped'];
    expect(said(LONG)).toEqual(alone);
    expect(said([], true)).toEqual(alone);
  });
});
