// The line that says how far a command is.
import { PassThrough } from 'node:stream';
import { Progress } from '../../../lib/cli/progress';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** What a terminal, or what is none, would be sent. */
function stream(isTTY: boolean) {
  const pipe = new PassThrough();
  return { of: Object.assign(pipe, { isTTY }), sent: () => String(pipe.read() ?? '') };
}

test('on a terminal: after half a second, at most ten times a second, and gone at the end', () => {
  const { of, sent } = stream(true);
  const progress = new Progress(of);
  progress.read(1, 7200);
  expect(sent()).toBe('');
  jest.advanceTimersByTime(500);
  progress.read(60, 7200);
  expect(sent()).toBe('\r\u001b[Kreading: 1 m 00 s of 2 h 00 m');
  jest.advanceTimersByTime(50);
  progress.read(70, null);
  expect(sent()).toBe('');
  jest.advanceTimersByTime(50);
  progress.read(80, null);
  expect(sent()).toBe('\r\u001b[Kreading: 1 m 20 s');
  progress.end();
  progress.end();
  expect(sent()).toBe('\r\u001b[K');
});

test('elsewhere: nothing', () => {
  const { of, sent } = stream(false);
  const progress = new Progress(of);
  jest.advanceTimersByTime(5_000);
  progress.show('run 1 of 9');
  progress.end();
  expect(sent()).toBe('');
});
