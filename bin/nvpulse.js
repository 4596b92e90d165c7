#!/usr/bin/env node
'use strict';
// The command line. A clone that was not built says what to type.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const main = join(__dirname, '..', 'dist', 'cli', 'main.js');
if (existsSync(main)) {
  require(main);
} else {
  process.stderr.write(
    'nvpulse: this clone is not built yet (installed with --omit=dev or --ignore-scripts?). Type: npm ci\n',
  );
  // As `run` answers for nvpulse's own failures.
  process.exit(process.argv[2] === 'run' ? 125 : 1);
}
