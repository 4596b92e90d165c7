// `nvpulse record` at 1 Hz as a whole process, beside the bare loop that makes the same reads.
import { NVPULSE, simulator } from './harness/native';
import type { Benchmark } from './harness/report';
import { scaled } from './harness/rounds';
import { bareSampling } from './harness/sampling';
import { use } from './harness/used';

const DURATION__S = 60;
/** Starting is over by then. */
const STEADY_FROM__S = 3;

export const benchmark: Benchmark = {
  title:
    '`nvpulse record` at 1 Hz for 60 s, 8 simulated GPUs and the host: the whole process, its start included',
  run: async ({ effort }) => {
    const duration__s = Math.max(8, scaled(DURATION__S, effort));
    const command = [...NVPULSE, 'record', '-i', '1s', '--for', `${duration__s}s`, '-o', 'recording'];
    const env = simulator('none');
    const [used, bare] = await Promise.all([
      use(command, { env, eachSecond: true }),
      bareSampling(env, 1000, duration__s - 1, 'reads'),
    ]);
    const steady = used.cpu_at.slice(STEADY_FROM__S - 1, -1);
    const steady__s = (steady.at(-1) ?? 0) - (steady[0] ?? 0);
    const start__s = used.cpu_at[STEADY_FROM__S - 1] ?? NaN;
    return [
      {
        what: 'CPU of a core, start and end included',
        value: (100 * used.cpu__s) / used.wall__s,
        unit: '%',
        limit: { atMost: 0.4 },
        note: `${start__s.toFixed(2)} s of ${used.cpu__s.toFixed(2)} s in the first ${STEADY_FROM__S} s`,
      },
      { what: 'CPU of a core once started', value: (100 * steady__s) / (steady.length - 1), unit: '%' },
      { what: 'CPU of a core, C loop', value: bare.cpu__pct, unit: '%' },
      { what: 'peak RSS', value: used.rss__MiB, unit: 'MiB', limit: { atMost: 90 } },
    ];
  },
};
