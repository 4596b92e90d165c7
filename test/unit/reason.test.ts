// Why something failed, in words.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { reasonOf } from '../../lib/reason';

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

test.each([
  ['no such file or directory', () => readFileSync('/nowhere/at/all')],
  ['illegal operation on a directory', () => readFileSync('/')],
  ['not a directory', () => readFileSync('/dev/null/below')],
])('%s', (words, action) => {
  expect(reasonOf(thrownBy(action))).toBe(words);
});

test('an error of a socket keeps its address', async () => {
  // Port 1 of the loopback: nobody listens there.
  const error = await new Promise<unknown>((resolve) => connect(1, '127.0.0.1').on('error', resolve));
  expect(reasonOf(error)).toBe('connect ECONNREFUSED 127.0.0.1:1');
});

test('other errors, and what is none', () => {
  expect(reasonOf(new TypeError('not that'))).toBe('not that');
  expect(reasonOf('a text')).toBe('a text');
  expect(reasonOf(undefined)).toBe('undefined');
});
