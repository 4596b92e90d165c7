'use strict';
// Names every skipped test at the end of a run: a skip is never silent. Its reason stands in its name, or was printed
// by the test file.
module.exports = class SkipReporter {
  onRunComplete(_contexts, { testResults }) {
    for (const { testFilePath, testResults: tests } of testResults)
      for (const { fullName, status } of tests)
        if (status === 'pending' || status === 'todo')
          process.stderr.write(`skipped: ${testFilePath}: ${fullName}\n`);
  }
};
