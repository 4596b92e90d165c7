import fc from 'fast-check';
import { LineSplitter, parseSupervisorLine } from '../../../lib/jobs/supervisor-lines';

const usage = { cpuUser__s: 0.0015, cpuSystem__s: 2, maxRss__KiB: 640 };

test.each([
  ['cgroup /sys/fs/a b/nvpulse-1', { kind: 'cgroup', path: '/sys/fs/a b/nvpulse-1' }],
  ['tree no cgroup v2 is mounted here', { kind: 'tree', reason: 'no cgroup v2 is mounted here' }],
  ['ready 12', { kind: 'ready' }],
  ['error 95 it cannot: really', { kind: 'error', errno: 95, text: 'it cannot: really' }],
  ['started 7 9007199254740993', { kind: 'started', pid: 7, time__ns: 9007199254740993n }],
  ['exec 2', { kind: 'exec', errno: 2 }],
  ['reaped 7 6 1500 2000000 640', { kind: 'reaped', process: { pid: 7, isCommand: true, ...usage } }],
  ['reaped 7 0 1500 2000000 640', { kind: 'reaped', process: { pid: 7, isCommand: false, ...usage } }],
  ['signal 15 forwarded', { kind: 'forwarded', signal: 15 }],
  ['left 9 my  daemon)', { kind: 'left', process: { pid: 9, name: 'my  daemon)' } }],
])('%s', (line, expected) => {
  expect(parseSupervisorLine(line)).toEqual(expected);
});

test('exit by code, with I/O unknown', () => {
  const tree = { cpuUser__s: 1, cpuSystem__s: 0.5, ioRead__B: null, ioWrite__B: null };
  const expected = { kind: 'exit', code: 3, signal: null, time__ns: 42n, command: usage, tree };
  expect(parseSupervisorLine('exit 3 - 42 1500 2000000 640 1000000 500000 - -')).toEqual(expected);
});

test('exit by signal, with I/O', () => {
  const tree = { cpuUser__s: 1, cpuSystem__s: 0.5, ioRead__B: 0, ioWrite__B: 4096 };
  const expected = { kind: 'exit', code: null, signal: 9, time__ns: 42n, command: usage, tree };
  expect(parseSupervisorLine('exit - 9 42 1500 2000000 640 1000000 500000 0 4096')).toEqual(expected);
});

test('a line of a kind not known is passed over', () => {
  expect(parseSupervisorLine('nonsense 1 2')).toBeUndefined();
});

test('lines are whole however the chunks fall', () => {
  const word = fc.string({ maxLength: 8 }).filter((text) => !text.includes('\n'));
  fc.assert(
    fc.property(fc.array(word), fc.array(fc.nat({ max: 80 })), (lines, cuts) => {
      const stream = lines.map((line) => `${line}\n`).join('');
      const bounds = [0, ...cuts.filter((cut) => cut < stream.length).sort((a, b) => a - b), stream.length];
      const splitter = new LineSplitter();
      const chunks = bounds.slice(1).map((end, index) => stream.slice(bounds[index], end));
      expect(chunks.flatMap((chunk) => splitter.push(chunk))).toEqual(lines);
    }),
  );
});
