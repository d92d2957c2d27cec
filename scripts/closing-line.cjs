/** A jest reporter: names what was skipped, and closes with the count of the whole suite alone on a line. */
module.exports = class ClosingLine {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap(({ testResults }) =>
      testResults
        .filter(({ status }) => status === 'pending' || status === 'todo')
        .map(({ fullName }) => fullName),
    );
    const lines = skipped.map((name) => `skipped: ${name}`);
    // a file that could not be run at all is a failure too
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const passed = results.numPassedTests;
    lines.push(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
    // behind the summary, which comes after all reporters
    process.once('exit', () => process.stdout.write(`\n${lines.join('\n')}\n`));
  }
};
