/** A jest reporter: names what was skipped and its file, and closes with the count of the whole suite alone on a line. */
const { globSync } = require('node:fs');
const { join, relative } = require('node:path');

module.exports = class ClosingLine {
  constructor({ rootDir, testPathPatterns }) {
    this.rootDir = rootDir;
    // who asks for some files has not skipped the others
    this.isWhole = !testPathPatterns?.isSet();
  }

  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap(({ testFilePath, testResults }) =>
      testResults
        .filter(({ status }) => status === 'pending' || status === 'todo')
        .map(({ fullName }) => `${relative(this.rootDir, testFilePath)}: ${fullName}`),
    );
    if (this.isWhole) skipped.push(...this.longOnes(results));
    const lines = skipped.map((name) => `skipped: ${name}`);
    // a file that could not be run at all is a failure too
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const passed = results.numPassedTests;
    lines.push(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
    // behind the summary, which comes after all reporters
    process.once('exit', () => process.stdout.write(`\n${lines.join('\n')}\n`));
  }

  /** The files which only `npm run test:long` runs, each as one. */
  longOnes({ testResults }) {
    const run = new Set(testResults.map(({ testFilePath }) => testFilePath));
    return globSync('{apps,libs,test}/**/*.long.spec.ts', { cwd: this.rootDir })
      .filter((file) => !run.has(join(this.rootDir, file)))
      .sort();
  }
};
