// What `nvpulse run` adds to a command that does nothing, against starting Node.
import { NVPULSE } from './harness/native';
import type { Benchmark } from './harness/report';
import { compare, interleave, scaled } from './harness/rounds';
import { use } from './harness/used';

const ROUNDS = 20;

export const benchmark: Benchmark = {
  title: '`nvpulse run -- true`, recording and summary included, against `node -e 0`',
  run: async ({ effort }) => {
    const pairs = await interleave(
      Math.max(3, scaled(ROUNDS, effort)),
      () => use([...NVPULSE, 'run', '--', 'true']),
      () => use([process.execPath, '-e', '0']),
    );
    const time = compare(pairs, (run, node) => (run.wall__s - node.wall__s) * 1000);
    const rss = compare(pairs, (run, node) => run.rss__MiB - node.rss__MiB);
    const node = compare(pairs, (_, bare) => bare.wall__s * 1000);
    return [
      { what: 'node -e 0', value: node.median, unit: 'ms', spread: node.range },
      {
        what: 'run -- true above it',
        value: time.median,
        unit: 'ms',
        spread: time.range,
        limit: { atMost: 150 },
      },
      { what: 'peak RSS above it', value: rss.median, unit: 'MiB', spread: rss.range, limit: { atMost: 60 } },
    ];
  },
};
