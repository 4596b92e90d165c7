// nvidia-smi's query fields, which come with the driver.
import type { MetricName } from 'nvpulse';
import type { Deadline } from './deadline';
import { absentPeer, type Answer, type Peer, type PeerReading } from './peer';
import { lastLine, runToEnd } from './programs';

const NAME = 'nvidia-smi';
/** It attaches to each GPU anew, which takes seconds without persistence. */
const LIMIT__MS = 12_000;

/** Its field of each metric; a metric that is not here has no field. */
const FIELDS: { readonly [M in MetricName<'gpu'>]?: string } = {
  gpu_clock__MHz: 'clocks.sm',
  memory_clock__MHz: 'clocks.mem',
  graphics_clock__MHz: 'clocks.gr',
  gpu_utilization__pct: 'utilization.gpu',
  memory_utilization__pct: 'utilization.memory',
  encoder_utilization__pct: 'utilization.encoder',
  decoder_utilization__pct: 'utilization.decoder',
  gpu_temperature__C: 'temperature.gpu',
  memory_temperature__C: 'temperature.memory',
  fan_speed__pct: 'fan.speed',
  perf_state: 'pstate',
  power_draw__W: 'power.draw',
  memory_used__MiB: 'memory.used',
  memory_free__MiB: 'memory.free',
  memory_total__MiB: 'memory.total',
  power_limit__W: 'enforced.power.limit',
};

export async function nvidiaSmi(deadline: Deadline): Promise<Peer> {
  const help = await runToEnd(NAME, ['--help-query-gpu'], deadline.atMost(LIMIT__MS));
  if ('failed' in help) return absentPeer(NAME, help.failed);
  if (help.code !== 0) return absentPeer(NAME, `${NAME} ended with ${help.code}: ${lastLine(help.stdout)}`);
  // One unknown field, and it answers none.
  const known = new Set([...help.stdout.matchAll(/"([\w.]+)"/g)].map(([, field]) => field));
  const asked = Object.entries(FIELDS).filter(([, field]) => known.has(field));
  return {
    name: NAME,
    about: `its query has ${asked.length} of ${Object.keys(FIELDS).length} fields`,
    lacks: (metric) => lacks(metric, known),
    read: async () => {
      const query = `--query-gpu=${['uuid', ...asked.map(([, field]) => field)].join()}`;
      const ending = await runToEnd(
        NAME,
        [query, '--format=csv,noheader,nounits'],
        deadline.atMost(LIMIT__MS),
      );
      if ('failed' in ending) return ending;
      // What went wrong it writes to stdout.
      if (ending.code !== 0)
        return { failed: `${NAME} ended with ${ending.code}: ${lastLine(ending.stdout)}` };
      return readingOf(
        ending.stdout,
        asked.map(([metric]) => metric),
      );
    },
    close: () => undefined,
  };
}

function lacks(metric: string, known: ReadonlySet<string | undefined>): string | undefined {
  const field = new Map(Object.entries(FIELDS)).get(metric);
  if (field === undefined) return `${NAME} has no query field for it`;
  return known.has(field) ? undefined : `this ${NAME} has no field ${field}`;
}

function readingOf(csv: string, metrics: readonly string[]): PeerReading {
  const rows = csv
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  return new Map(
    rows.map((line) => {
      const [uuid = '', ...cells] = line.split(',').map((cell) => cell.trim());
      return [uuid, new Map(metrics.map((metric, column) => [metric, answerOf(cells[column] ?? '')]))];
    }),
  );
}

/** A number, a performance state such as P0, or words such as [N/A]. */
function answerOf(cell: string): Answer {
  const [, number, decimals = ''] = /^P?(-?\d+(?:\.(\d+))?)$/.exec(cell) ?? [];
  return number === undefined
    ? { none: cell === '' ? 'nothing' : cell }
    : { value: Number(number), resolution: 10 ** -decimals.length };
}
