// What a second of a job costs that spawns fifty processes a second, at its beginning and after an hour of it: from the
// drain to the batch, the fold, and the recording's writer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENTITIES, metricsOf } from '../lib/catalog';
import { SummaryFold } from '../lib/jobs/fold';
import type { NativeDrain } from '../lib/native/addon';
import { RecordingWriter } from '../lib/recording';
import { createBatch } from '../lib/sampling/batch';
import { Drains } from '../lib/sampling/drains';
import { META } from './harness/gpu-readings';
import type { Benchmark } from './harness/report';
import { scaled, spreadOf } from './harness/rounds';

const BORN = 50;
const DRAINS = 4;
/** Each process has rows in so many drains. */
const LIVES = 2;
const HOUR__S = 3600;
const PROCESS = ENTITIES.indexOf('process');
const COLUMNS = metricsOf('process').length;
const SECOND = 1e9;

function idsOf(from: number, count: number): readonly number[] {
  return Array.from({ length: Math.max(0, count) }, (_, at) => from + at);
}

/** Drain `at`: a quarter of a second, rows each tenth. */
function drainOf(at: number): NativeDrain {
  const born = Math.floor(((at + 1) * BORN) / DRAINS) - Math.floor((at * BORN) / DRAINS);
  const first = Math.floor((at * BORN) / DRAINS) + 1;
  const oldest = Math.max(1, Math.floor(((at - LIVES + 1) * BORN) / DRAINS) + 1);
  const living = idsOf(oldest, first + born - oldest);
  const gone = Math.max(1, Math.floor(((at - LIVES) * BORN) / DRAINS) + 1);
  const readings = at % 2 === 0 ? 3 : 2;
  const rows = readings * living.length;
  const times = Array.from({ length: rows }, (_, row) =>
    BigInt(Math.round((at / DRAINS) * SECOND + Math.floor(row / living.length) * 0.1 * SECOND)),
  );
  return {
    tables: [
      {
        entity: PROCESS,
        time: BigInt64Array.from(times),
        instance: Uint32Array.from({ length: rows }, (_, row) => living[row % living.length] ?? 0),
        values: new Float64Array(rows * COLUMNS).fill(at),
        status: new Uint16Array(rows * COLUMNS),
      },
    ],
    instances: idsOf(first, born).map((id) => ({
      id,
      entity: PROCESS,
      identity: { pid: 2 + (id % 4_000_000), name: 'cc1', job: 'j' },
    })),
    retired: idsOf(gone, at < LIVES ? 0 : oldest - gone),
    events: [],
    droppedRows: 0,
  };
}

interface Costs {
  readonly start__us: readonly number[];
  readonly end__us: readonly number[];
}

/** CPU time of each second at the beginning and at the end; collecting garbage in between is part of it. */
async function hour(seconds: number, edge: number): Promise<Costs> {
  const dir = mkdtempSync(join(tmpdir(), 'nvpulse-bench-passing-'));
  const writer = await RecordingWriter.create(join(dir, 'recording'), META);
  const fold = new SummaryFold({ start__ns: 0n, interval__ns: 1e8, treeBegan__ns: 0n });
  const drains = new Drains(META.utcOffset__ns);
  const costs__us: number[] = [];
  for (let second = 0; second < seconds; second++) {
    const before = process.cpuUsage();
    for (let at = 0; at < DRAINS; at++) {
      const batch = createBatch(drains.take(drainOf(second * DRAINS + at)));
      fold.push(batch);
      await writer.write(batch);
    }
    const { user, system } = process.cpuUsage(before);
    costs__us.push(user + system);
  }
  await writer.close();
  rmSync(dir, { recursive: true });
  return { start__us: costs__us.slice(edge, 2 * edge), end__us: costs__us.slice(-edge) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

export const benchmark: Benchmark = {
  title: 'a job that spawns 50 processes a second: its last minutes beside its first',
  run: async ({ effort }) => {
    const seconds = scaled(HOUR__S, effort);
    const edge = Math.floor(seconds / 12);
    // Until its code is compiled: else the start would be the dearer.
    await hour(3 * edge, edge);
    const rounds: Costs[] = [];
    for (let at = 0; at < 3; at++) rounds.push(await hour(seconds, edge));
    const start = spreadOf(rounds.map(({ start__us }) => mean(start__us)));
    const end = spreadOf(rounds.map(({ end__us }) => mean(end__us)));
    const ratio = spreadOf(rounds.map(({ start__us, end__us }) => mean(end__us) / mean(start__us)));
    return [
      { what: 'CPU a second, at the start', value: start.median, unit: 'µs', spread: start.range },
      { what: `CPU a second, after ${seconds} s`, value: end.median, unit: 'µs', spread: end.range },
      { what: 'end ÷ start', value: ratio.median, unit: '×', spread: ratio.range, limit: { atMost: 1.25 } },
    ];
  },
};
