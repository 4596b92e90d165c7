// A day of two GPUs whose energy is known, and one without a counter, as a recording that is exported while it grows: once its first half is
// there the exporter is stopped, and another goes on with the rest.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingWriter } from '../../lib/recording';
import { connect, Exporter } from '../../lib/sinks/elasticsearch';
import { META } from '../fixtures/recording/batches';
import type { Elasticsearch } from './elasticsearch';
import { batchOf, gpu, SECOND } from './readings';

export const METERED = 'metered';
export const DAY__S = 86_400;
const INTERVAL__S = 10;
/** The driver is loaded anew in the afternoon, between two readings: the counters begin at zero. */
const RESET__S = 15 * 3600 + 5;
const MEAN__W = [300, 500] as const;
const SWING__W = 100;

/** Joules of a GPU since the day began: its power swings about its mean, once an hour. */
export function energyUntil(index: 0 | 1, time__s: number): number {
  const turns = (2 * Math.PI) / 3600;
  return MEAN__W[index] * time__s + (SWING__W / turns) * (1 - Math.cos(turns * time__s));
}

function counterAt(index: 0 | 1, time__s: number): number {
  const energy__J = energyUntil(index, time__s);
  return time__s < RESET__S ? 1e6 + energy__J : energy__J - energyUntil(index, RESET__S);
}

/** @returns when the day began, and when it ended: two days ago */
export async function exportDay(
  elasticsearch: Elasticsearch,
): Promise<{ readonly from__ms: number; readonly to__ms: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'nvpulse-day-'));
  const client = await connect({ url: elasticsearch.url });
  const to__ms = Math.floor(Date.now() / 1000) * 1000 - 2 * DAY__S * 1000;
  const from__ms = to__ms - DAY__S * 1000;
  const begin__ns = process.hrtime.bigint();
  const source = join(folder, 'day');
  try {
    const writer = await RecordingWriter.create(source, {
      ...META,
      host: { ...META.host, name: METERED },
      interval__ns: INTERVAL__S * SECOND,
      utcOffset__ns: BigInt(from__ms) * 1_000_000n - begin__ns,
    });
    const half__s = DAY__S / 2;
    await writer.write(hours(begin__ns, 0, half__s));
    await writer.flushed();
    await exported();
    await writer.write(hours(begin__ns, half__s, DAY__S + INTERVAL__S));
    await writer.close();
    await exported();
    return { from__ms, to__ms };
  } finally {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  }

  /** All that is there, by an exporter of its own. */
  async function exported(): Promise<void> {
    const exporter = new Exporter({ client, source, state: join(folder, 'state') });
    await exporter.start();
    await exporter.reached(BigInt(to__ms) * 1_000_000n);
    await exporter.stop();
  }
}

/** Readings of the GPUs from a second of the day to before another. */
function hours(begin__ns: bigint, from__s: number, to__s: number) {
  const times = Array.from(
    { length: (to__s - from__s) / INTERVAL__S },
    (_, index) => from__s + index * INTERVAL__S,
  );
  return batchOf(
    times.flatMap((time__s) => {
      const time__ns = Number(begin__ns) + time__s * SECOND;
      const metered = ([0, 1] as const).map((index) => ({
        instance: gpu(index),
        time__ns,
        values: { energy__J: counterAt(index, time__s) },
      }));
      return [...metered, { instance: gpu(2), time__ns, values: { gpu_utilization__pct: 50 } }];
    }),
  );
}
