'use strict';
// What the checker of types does not see: forgotten promises, casts around it, and which folder may import which.
const js = require('@eslint/js');
const tseslint = require('typescript-eslint');
const { boundaries } = require('./scripts/lint-boundaries');

const FORBIDDEN_SYNTAX = [
  { selector: 'TSAsExpression > TSAsExpression', message: 'A cast of a cast goes around the checker.' },
  { selector: 'TSAsExpression > TSAnyKeyword', message: 'A cast to any goes around the checker.' },
];
const EXPECT_WITHOUT_MATCHER = ['', ' > AwaitExpression'].map((inner) => ({
  selector: `ExpressionStatement${inner} > CallExpression[callee.name='expect']`,
  message: 'This expect has no matcher and asserts nothing.',
}));

module.exports = tseslint.config(
  {
    ignores: [
      'build*/',
      'dist/',
      'prebuilds/',
      'coverage/',
      'node_modules/',
      'benchmarks/results/',
      '**/build*/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'as' }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-non-null-assertion': 'error',
      // Modules are loaded where they are used, to start quickly.
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-restricted-syntax': ['error', ...FORBIDDEN_SYNTAX],
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['lib/**/*.ts'],
    plugins: { nvpulse: { rules: { boundaries } } },
    rules: {
      'nvpulse/boundaries': 'error',
      '@typescript-eslint/no-restricted-imports': [
        'error',
        ...[
          '@elastic/elasticsearch',
          'ajv',
          'apache-arrow',
          'hyparquet-writer',
          'systeminformation',
          'yaml',
        ].map((name) => ({
          name,
          allowTypeImports: true,
          message: 'It is heavy: load it where it is used.',
        })),
      ],
    },
  },
  // JSON that a test or a benchmark reads is what it expects, or the test fails.
  {
    files: ['test/**/*.ts', 'benchmarks/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...FORBIDDEN_SYNTAX, ...EXPECT_WITHOUT_MATCHER] },
  },
  // Node's globals are not worth a package that lists them.
  { files: ['**/*.js', '**/*.mjs'], rules: { 'no-undef': 'off' } },
  { files: ['**/*.js'], languageOptions: { sourceType: 'commonjs' } },
);
