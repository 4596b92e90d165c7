'use strict';
// Run by npm before it packs: a package without its compiled parts would install everywhere and work nowhere.
const { join } = require('node:path');
const { missingPrebuilds } = require('./prebuilds');

const missing = missingPrebuilds(join(__dirname, '..'));
if (missing.length > 0) {
  process.stderr.write(
    `\nnvpulse: the package would lack its compiled parts:\n${missing.map((file) => `  ${file}\n`).join('')}` +
      'Type: npm run prebuildify\n\n',
  );
  process.exit(1);
}
