// NVML without a schedule: the devices, and one reading when asked for.
import { describeStatus, metricsOf, type AbsentState, type Identities, type MetricName } from '../catalog';
import { NvpulseError } from '../errors';
import { addon, type GpuState, type NativeBulkReader, type NativeSampler } from '../native/addon';
import { Drains } from './drains';
import { createBatch } from './batch';
import { refuseUnknown } from './options';
import { within } from './within';

export interface NvmlOptions {
  /** Path of the NVML library. @default NVPULSE_NVML, else the system's */
  readonly nvml?: string;
}

/** A GPU's identity; see the catalog. */
export type GpuDevice = Readonly<Identities['gpu']>;

/** One reading of one GPU: each metric has a value, or a state that says why not. */
export interface GpuReading {
  readonly device: GpuDevice;
  /** Monotonic nanoseconds. */
  readonly time__ns: bigint;
  readonly values: { readonly [M in MetricName<'gpu'>]?: number };
  readonly absent: {
    readonly [M in MetricName<'gpu'>]?: { readonly state: AbsentState; readonly reason: string };
  };
}

/** Attaching to cold GPUs takes seconds; a driver that hangs is not waited for longer. */
const OPEN_TIMEOUT__MS = 10_000;
const READ_TIMEOUT__MS = 1_000;

const libraryOf = (options: NvmlOptions): string => options.nvml ?? process.env['NVPULSE_NVML'] ?? '';

/**
 * NVML's devices and their readings. No driver is a normal state: `state` says why there are no devices.
 *
 * @throws ERR_OPTION for an unknown option, ERR_NATIVE where there is no native build
 */
export class Nvml {
  private closed = false;
  private readonly drains = new Drains(0n);
  private readonly known = new Map<number, GpuDevice>();

  private constructor(private readonly native: NativeSampler) {}

  /** Opens the driver's library and lists the devices. Does not reject where there is none. */
  static async open(options: NvmlOptions = {}): Promise<Nvml> {
    refuseUnknown(options, ['nvml'], 'Nvml.open');
    const native = addon().createSampler(0, false, true, libraryOf(options), '', '');
    native.start();
    await within(OPEN_TIMEOUT__MS, native.tick(OPEN_TIMEOUT__MS));
    const nvml = new Nvml(native);
    nvml.drain();
    return nvml;
  }

  /** Why there are devices, or none. */
  get state(): GpuState {
    return this.native.gpu();
  }

  /** The devices, by index. */
  get devices(): readonly GpuDevice[] {
    return [...this.known.values()].sort((one, other) => one.index - other.index);
  }

  /** One reading of every device, by index. A device that is lost or hangs is left out. @throws ERR_STATE when closed */
  async read(): Promise<readonly GpuReading[]> {
    if (this.closed) throw new NvpulseError('ERR_STATE', 'Nvml.read: it is closed; open another');
    this.drain();
    await within(READ_TIMEOUT__MS, this.native.tick(READ_TIMEOUT__MS));
    return [...this.drain()].sort((one, other) => one.device.index - other.device.index);
  }

  /** Ends the reading thread. Twice is allowed. */
  close(): void {
    this.closed = true;
    this.native.stop();
  }

  /**
   * A reader for callers who measure: one pass over all devices fills `values` and `status`, device-major, the metrics
   * in the order given. Opening waits for the driver elsewhere; a pass is synchronous.
   *
   * Rejects with ERR_OPTION for a metric that gpu does not have; with ERR_STATE where there is no NVML, with the reason,
   * or where the driver does not answer within 10 s.
   */
  static async bulkReader(
    metrics: readonly MetricName<'gpu'>[],
    options: NvmlOptions = {},
  ): Promise<BulkReader> {
    refuseUnknown(options, ['nvml'], 'Nvml.bulkReader');
    const names = metricsOf('gpu').map(({ name }) => name);
    const columns = metrics.map((metric) => {
      const column = names.indexOf(metric);
      if (column < 0)
        throw new NvpulseError('ERR_OPTION', `'${metric}' is no metric of gpu; it has ${names.join(', ')}`);
      return column;
    });
    const opening = addon().createBulkReader(libraryOf(options), Int32Array.from(columns));
    const native = await within(OPEN_TIMEOUT__MS, opening);
    if (native === undefined) {
      // Nobody will close one that comes later; a rejection is impossible.
      void opening.then((late) => typeof late === 'string' || late.close());
      throw new NvpulseError('ERR_STATE', `the driver has not answered within ${OPEN_TIMEOUT__MS / 1000} s`);
    }
    if (typeof native === 'string')
      throw new NvpulseError('ERR_STATE', `there is no NVML to read: ${native}`);
    return new BulkReader(native, columns.length);
  }

  private drain(): readonly GpuReading[] {
    const parts = this.drains.take(this.native.drain());
    for (const { id, entity, identity } of parts.instances.values())
      if (entity === 'gpu') this.known.set(id, identity);
    const table = createBatch(parts).table('gpu');
    if (!table) return [];
    return Array.from({ length: table.length }, (_, row) => {
      const instance = parts.instances.get(table.instance[row] ?? -1);
      const metrics = metricsOf('gpu').map(({ name }) => ({
        name,
        value: table.values(name)[row],
        status: table.status(name)[row] ?? 0,
      }));
      const absent = metrics.flatMap(({ name, status }) => {
        const { state, reason } = describeStatus(status);
        return state === 'ok' || state === 'pending' ? [] : [[name, { state, reason }] as const];
      });
      const values = metrics.flatMap(({ name, value, status }) =>
        status === 0 && value !== undefined ? [[name, value] as const] : [],
      );
      return instance?.entity === 'gpu'
        ? [
            {
              device: instance.identity,
              time__ns: table.time[row] ?? 0n,
              values: Object.fromEntries(values),
              absent: Object.fromEntries(absent),
            },
          ]
        : [];
    }).flat();
  }
}

/** See `Nvml.bulkReader`. */
export class BulkReader {
  /** The GPUs that could be opened at first, by index; they stay these. */
  readonly devices: number;
  private readonly cells: number;
  /** What the native reader fills. */
  private values: Float64Array | undefined;
  private status: Uint16Array | undefined;
  private closed = false;

  constructor(
    private readonly native: NativeBulkReader,
    metrics: number,
  ) {
    this.devices = native.devices;
    this.cells = this.devices * metrics;
  }

  /**
   * One pass. NaN where the status is not 0, as of a GPU that is lost, or of all while the driver is reloaded; they are
   * looked for on another thread, each second, and read on when they are back. The one call that blocks JavaScript for as long as the driver takes: a driver
   * that hangs never returns from it. `Nvml.read` and `Sampler` do not block.
   *
   * @throws ERR_OPTION where an array is shorter than devices × metrics, or of another type; ERR_STATE after `close`
   */
  readSync(values: Float64Array, status: Uint16Array): void {
    // At each pass: the length of an array becomes 0 when its memory is handed elsewhere.
    if (values.length < this.cells || status.length < this.cells) {
      throw new NvpulseError(
        'ERR_OPTION',
        `BulkReader.readSync: arrays of ${values.length} and ${status.length} elements; at least ${this.cells} are needed`,
      );
    }
    if (values !== this.values || status !== this.status) this.fill(values, status);
    this.native.read();
  }

  /** Twice is allowed. */
  close(): void {
    this.closed = true;
    this.values = this.status = undefined;
    this.native.close();
  }

  private fill(values: Float64Array, status: Uint16Array): void {
    if (this.closed) throw new NvpulseError('ERR_STATE', 'BulkReader.readSync: it is closed');
    if (!this.native.fill(values, status))
      throw new NvpulseError(
        'ERR_OPTION',
        'BulkReader.readSync: values must be a Float64Array, status a Uint16Array',
      );
    this.values = values;
    this.status = status;
  }
}
