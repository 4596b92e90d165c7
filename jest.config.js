const { patience } = require('./test/support/patience');

const swc = (syntax) => [
  '@swc/jest',
  { jsc: { parser: { syntax }, target: 'es2022' }, module: { type: 'commonjs' } },
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/{unit,integration,e2e}/**/*.test.ts'],
  // hyparquet is published as ES modules only, which jest cannot require.
  transform: { '^.+\\.ts$': swc('typescript'), '/node_modules/hyparquet.+\\.js$': swc('ecmascript') },
  transformIgnorePatterns: ['/node_modules/(?!hyparquet)'],
  modulePathIgnorePatterns: ['<rootDir>/build', '<rootDir>/dist', '<rootDir>/prebuilds'],
  // Suites with an Elasticsearch wait for each other, too.
  testTimeout: patience(600_000),
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/test/support/skip-reporter.js'],
};
