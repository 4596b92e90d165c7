// Recordings made of rows that a test knows: GPUs and their host, each row with values that its time tells.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instance } from '../../lib/catalog';
import { RecordingWriter } from '../../lib/recording';
import { createBatch, type Batch } from '../../lib/sampling/batch';
import { formatUtc } from '../../lib/time';
import { META, OFFSET__NS, table } from '../fixtures/recording/batches';

export const STEP__NS = 100_000_000n;
const ROWS_AT_ONCE = 1000;
const FROM__NS = 10_000_000_000n;

export interface Rows {
  /** Ticks of 100 ms, each with a row of the host and of every GPU. */
  readonly ticks: number;
  readonly gpus: number;
  /** Monotonic time of the first tick, in nanoseconds. @default ten seconds */
  readonly from__ns?: bigint;
}

export const HOST = 'n1';

const hostInstance: Instance = { id: 1, entity: 'host', identity: { name: HOST } };

function gpuInstance(index: number): Instance {
  const identity = {
    index,
    uuid: `GPU-0000-${index}`,
    name: 'NVIDIA H200',
    pci_bus_id: `00000000:0${index}:00.0`,
    serial: null,
    driver_version: '595.71',
  };
  return { id: 100 + index, entity: 'gpu', identity };
}

/** Batches of these rows. */
export function* batchesOf({ ticks, gpus, from__ns = FROM__NS }: Rows): Generator<Batch> {
  const devices = Array.from({ length: gpus }, (_, index) => gpuInstance(index));
  const instances = new Map([hostInstance, ...devices].map((instance) => [instance.id, instance]));
  const atOnce = Math.max(1, Math.floor(ROWS_AT_ONCE / (gpus + 1)));
  for (let begun = 0; begun < ticks; begun += atOnce) {
    const times = Array.from(
      { length: Math.min(atOnce, ticks - begun) },
      (_, at) => from__ns + BigInt(begun + at) * STEP__NS,
    );
    // Three metrics have values, the others are unsupported.
    const cell = (metric: number, row: number) =>
      metric < 3 ? { value: begun + row + metric, status: 0 } : { value: NaN, status: 3 };
    const gpuRows = times.flatMap((time) => devices.map(({ id }) => ({ time, instance: id })));
    const hostRows = times.map((time) => ({ time, instance: hostInstance.id }));
    const tables = [table('host', hostRows, cell), ...(gpus > 0 ? [table('gpu', gpuRows, cell)] : [])];
    yield createBatch({ tables, instances, events: [], utcOffset__ns: OFFSET__NS, droppedRows: 0 });
  }
}

/** Records them, and closes the recording. */
export async function recordRows(dir: string, rows: Rows): Promise<void> {
  const writer = await RecordingWriter.create(dir, { ...META, host: { ...META.host, name: HOST } });
  for (const batch of batchesOf(rows)) await writer.write(batch);
  await writer.close();
  const path = join(dir, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const { ticks, from__ns = FROM__NS } = rows;
  const until__ns = from__ns + BigInt(ticks) * STEP__NS;
  // It was recorded in no time: here it says that it took the time of its rows.
  manifest.clock.start__ns = String(from__ns);
  manifest.start = formatUtc(from__ns + OFFSET__NS);
  manifest.end = formatUtc(until__ns + OFFSET__NS);
  writeFileSync(path, JSON.stringify(manifest));
}

/** What `documentsIn` finds of them once they are exported. */
export function expectedOf(rows: Rows): {
  readonly gpu: readonly string[];
  readonly host: readonly string[];
} {
  const { ticks, gpus, from__ns = FROM__NS } = rows;
  const times = Array.from({ length: ticks }, (_, at) =>
    formatUtc(from__ns + BigInt(at) * STEP__NS + OFFSET__NS),
  );
  return {
    gpu: times.flatMap((time) => Array.from({ length: gpus }, (_, index) => `gpu GPU-0000-${index} ${time}`)),
    host: times.map((time) => `host - ${time}`),
  };
}
