// Addresses and tokens as people give them.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLoopback, isLoopbackName, parseAddress } from '../../../lib/server/address';
import { isAuthorised, readClientToken, readServerToken } from '../../../lib/server/token';

test.each([
  ['node7', { host: 'node7', port: 9417 }],
  ['10.0.0.5:80', { host: '10.0.0.5', port: 80 }],
  ['[::1]:9417', { host: '::1', port: 9417 }],
  ['[fe80::1]', { host: 'fe80::1', port: 9417 }],
  ['::1', { host: '::1', port: 9417 }],
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
])('%s is an address', (text, address) => expect(parseAddress(text, '--host')).toEqual(address));

test.each(['', ':9417', 'a b', 'host:port', 'host:99999', 'http://host', '[::1', 'a/b:1'])(
  '%p is none, and the message says what is allowed',
  (text) =>
    expect(() => parseAddress(text, '--host')).toThrow(/--host: .*no address; allowed are HOST, HOST:PORT/),
);

test('to listen on, a port alone is every address', () => {
  expect(parseAddress(':80', '--listen', '0.0.0.0')).toEqual({ host: '0.0.0.0', port: 80 });
});

test('loopback is told from what others reach', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].map(isLoopback)).toEqual([true, true, true, true]);
  expect(['0.0.0.0', '10.0.0.1', '::', 'node7', '127.example.com'].map(isLoopback)).not.toContain(true);
  expect(['localhost', '127.0.0.1', '[::1]'].map(isLoopbackName)).toEqual([true, true, true]);
  expect(isLoopbackName('rebound.example.com')).toBe(false);
});

describe('a token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nvpulse-token-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string, mode: number): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };

  test('is read from a file that not everybody reads', () => {
    expect(readServerToken(file('good', '0123456789abcdef\n', 0o600))).toBe('0123456789abcdef');
    expect(readServerToken(file('group', '0123456789abcdef', 0o440))).toBe('0123456789abcdef');
    expect(readClientToken(file('mounted', 'short\n', 0o644))).toBe('short');
  });

  test('is refused where it is missing, readable by all, or short', () => {
    expect(() => readServerToken(join(folder, 'none'))).toThrow(
      /--token-file: .*none' cannot be read: no such file or directory/,
    );
    expect(() => readServerToken(file('open', '0123456789abcdef', 0o644))).toThrow(/every user.*chmod 600/);
    expect(() => readServerToken(file('short', '0123456789abcde', 0o600))).toThrow(
      /15 characters; at least 16/,
    );
    expect(() => readClientToken(file('empty', '\n', 0o600))).toThrow(/is empty/);
  });

  test.each([
    ['Bearer 0123456789abcdef', true],
    ['bearer  0123456789abcdef', true],
    ['Bearer 0123456789abcdeF', false],
    ['Bearer 0123456789abcde', false],
    ['Bearer ', false],
    ['Basic 0123456789abcdef', false],
    [undefined, false],
  ])('shown as %p: %p', (header, ok) => expect(isAuthorised(header, '0123456789abcdef')).toBe(ok));
});
