// The summary's table: golden texts, and what a terminal must not be told.
import { STATUS, type Instance } from '../../lib/catalog';
import { formatSummary } from '../../lib/cli/summary-table';
import * as units from '../../lib/cli/summary-units';
import type { JobSummary } from '../../lib/jobs/summary-types';
import { gpu, HOST, JOB, MEMORY, process, SECOND, type Reading } from '../support/readings';
import { META, summaryOfReadings } from '../support/summaries';

const DISK: Instance = { id: 30, entity: 'disk', identity: { device: 'nvme0n1' } };
const IDLE_DISK: Instance = { id: 31, entity: 'disk', identity: { device: 'sdb' } };
const DATA: Instance = {
  id: 32,
  entity: 'filesystem',
  identity: { mount: '/data', device: '/dev/nvme0n1p1', type: 'ext4' },
};
const NETWORK: Instance = { id: 33, entity: 'network', identity: { interface: 'eth0' } };

type Values = Reading['values'];

/** Readings each 100 ms from 0 to the last second, of what `values` gives. */
function readings(
  instance: Instance,
  last__s: number,
  values: (time__s: number) => Values,
): readonly Reading[] {
  return Array.from({ length: last__s * 10 + 1 }, (_, tick) => ({
    instance,
    time__ns: tick * 0.1 * SECOND,
    values: values(tick / 10),
  }));
}

function gpuValues(power_draw__W: number): (time__s: number) => Values {
  return (time__s) => ({
    gpu_utilization__pct: time__s < 5 ? 80 : 100,
    memory_used__MiB: 40000 + 100 * time__s,
    power_draw__W,
    gpu_temperature__C: 50 + time__s,
    energy__J: 1e6 + power_draw__W * time__s,
    fan_speed__pct: { status: 3 },
    memory_temperature__C: { status: 3 },
  });
}

const work: readonly Reading[] = [
  ...readings(HOST, 12, (time__s) => ({ cpu_busy__s: 2 * time__s, io_stalled__s: time__s / 20 })),
  ...readings(MEMORY, 12, (time__s) => ({ memory_used__MiB: 2000 + 100 * time__s })),
  ...readings(JOB, 12, (time__s) => ({
    cpu_time__s: 1.9 * time__s,
    cpu_user_time__s: 1.8 * time__s,
    cpu_system_time__s: 0.1 * time__s,
    io_read__B: 1e6 * time__s,
    io_write__B: 2e7 * time__s,
    memory_rss_sum__MiB: 512,
    memory_rss_peak__MiB: 700,
    process_num: 3,
  })),
  ...readings(process(71, 'python3'), 12, (time__s) => ({ cpu_time__s: 1.5 * time__s })),
  ...readings(process(72, 'loader'), 12, (time__s) => ({ cpu_time__s: 0.4 * time__s })),
  ...readings(process(73, 'sh'), 12, () => ({ cpu_time__s: 0 })),
  ...readings(DISK, 12, (time__s) => ({
    disk_read__B: 1e6 * time__s,
    disk_write__B: 2.1e7 * time__s,
    disk_busy__s: time__s / 4,
  })),
  ...readings(IDLE_DISK, 12, () => ({ disk_read__B: 5, disk_write__B: 6 })),
  ...readings(DATA, 12, (time__s) => ({ used__MiB: 102400 + 20 * time__s, used__pct: 62 })),
  ...readings(NETWORK, 12, (time__s) => ({
    network_receive__B: 3e3 * time__s,
    network_transmit__B: 500 * time__s,
  })),
].sort((a, b) => a.time__ns - b.time__ns);
const gpus: readonly Reading[] = [
  ...readings(gpu(0), 12, gpuValues(65)),
  ...readings(gpu(1), 12, gpuValues(30)),
];
const window = { start__s: 1, stop__s: 11 };

const table = (summary: JobSummary, width = 100) => `\n${formatSummary(summary, { color: false, width })}`;

describe('the table', () => {
  test('of a command with GPUs', () => {
    expect(table(summaryOfReadings([...work, ...gpus], window))).toMatchInlineSnapshot(`
     "
     train  10 s  exit 0
       CPU        1.90 of 4 CPUs on average  19 s in all  (user 18 s, system 1 s)
       memory     largest process at most 700 MiB  resident in sum at most 512 MiB  processes at most 3
       I/O        read 10 MB  written 200 MB
       busiest    python3 (71) 15 s  loader (72) 4 s
       GPU                      busy    max    memory  power   max  hottest  energy
                  0  NVIDIA T4  92 %  100 %  40.1 GiB   65 W  65 W    61 °C   650 J
                  1  NVIDIA T4  92 %  100 %  40.1 GiB   30 W  30 W    61 °C   300 J
                  no gpu clock, memory clock, graphics clock, memory utilization, encoder utilization,
                  decoder utilization, perf state, process num, memory free, memory total, power limit:
                  too few readings for this window
                  no memory temperature, fan speed: not supported by this device
       energy     950 ± 10 J in all  by the GPUs’ energy counters
       disk       nvme0n1  read 10 MB  written 210 MB  busy 25 %
       files      /data  used at most 100 GiB, changed by 208 MB  62 % at the end
       network    eth0  received 30 kB  sent 5 kB
       machine    box  CPUs 50 % of 4, at most 50 %  memory at most 3.02 GiB of 16 GiB  io pressure 5.0 %
       sampling   each 100 ms  100 readings, 1 more was skipped for lack of time  0.2 % of one CPU
                  the job followed by its process tree
     "
    `);
  });

  test('of a job’s memory has what its cgroup is charged first, and calls a peak what the kernel keeps as one', () => {
    const group: Instance = { id: 5, entity: 'cgroup', identity: { path: '/job' } };
    const ofJob = (tracking: 'cgroup' | 'tree', values: Values): string => {
      const job: Instance = { id: JOB.id, entity: 'job', identity: { id: 'j', tracking } };
      const seen = [
        { instance: job, time__ns: 2 * SECOND, values: { memory_rss_sum__MiB: 2478, process_num: 8 } },
        { instance: job, time__ns: 2 * SECOND, values: { memory_rss_peak__MiB: 310 } },
        { instance: group, time__ns: 2 * SECOND, values },
      ];
      const [, memory = ''] = /^ {2}memory +(.*)$/m.exec(table(summaryOfReadings(seen, window), 200)) ?? [];
      return memory.split('  ').join(' | ');
    };
    const rest = 'largest process at most 310 MiB | resident in sum at most 2.42 GiB | processes at most 8';
    const charged = { cgroup_memory__MiB: 305 };
    expect(ofJob('cgroup', { ...charged, cgroup_memory_peak__MiB: 320 })).toBe(`peak 320 MiB | ${rest}`);
    // Kernels before 5.19 keep none.
    expect(ofJob('cgroup', charged)).toBe(`at most 305 MiB | ${rest}`);
    // Another’s, or the whole container’s.
    expect(ofJob('tree', charged)).toBe(rest);
  });

  test('of a simulated run that was cut short and lost rows', () => {
    const lost = gpus.map((reading) =>
      reading.instance.id === 101 && reading.time__ns > 5 * SECOND
        ? {
            ...reading,
            values: Object.fromEntries(
              Object.keys(reading.values).map((name) => [name, { status: STATUS.gone }]),
            ),
          }
        : reading,
    );
    const summary = summaryOfReadings(lost, window, {
      simulated: true,
      complete: false,
      job: { ...META.job, exitCode: null, signal: 'SIGKILL' },
      sampler: { ...META.sampler, stats: { ...META.sampler.stats, rows_dropped: 12 } },
    });
    expect(table(summary)).toMatchInlineSnapshot(`
     "
     train  10 s  SIGKILL
       SIMULATED  the GPUs are the simulator’s: no figure of theirs is a measurement
       CUT SHORT  what follows the last reading is not known: figures are of what there is
       LOST       12 rows were dropped, because they were not fetched in time
       GPU                      busy    max    memory  power  hottest  energy
                  0  NVIDIA T4  92 %  100 %  40.1 GiB   65 W    61 °C   650 J
                  1  NVIDIA T4  80 %  100 %  39.6 GiB   30 W    55 °C   123 J  seen for 41 % of the time
                  no gpu clock, memory clock, graphics clock, memory utilization, encoder utilization,
                  decoder utilization, perf state, process num, memory free, memory total, power limit:
                  too few readings for this window
                  no memory temperature (1 of 2), fan speed (1 of 2): not supported by this device
                  no memory temperature (1 of 2), fan speed (1 of 2): it went away
       energy     773 ± 187 J in all  by the GPUs’ energy counters
       machine    box
       sampling   each 100 ms  100 readings, 1 more was skipped for lack of time  0.2 % of one CPU
     "
    `);
  });

  test('without a GPU, and without permission for the job’s traffic', () => {
    const denied = { status: STATUS.denied };
    const job = readings(JOB, 1, (time__s) => ({
      cpu_time__s: time__s,
      io_read__B: denied,
      io_write__B: denied,
    }));
    const summary = summaryOfReadings(
      job,
      { stop__s: 1 },
      {
        gpu: { state: 'no_driver', reason: 'no NVIDIA driver: /proc/driver/nvidia is not there' },
        job: { ...META.job, exitCode: 3 },
      },
    );
    expect(table(summary)).toMatchInlineSnapshot(`
     "
     train  1 s  exit 3
       CPU        1 of 4 CPUs on average  1 s in all
       I/O        not known: no permission to read it
       GPU        no NVIDIA driver: /proc/driver/nvidia is not there
       machine    box
       sampling   each 100 ms  100 readings, 1 more was skipped for lack of time  0.2 % of one CPU
                  the job followed by its process tree
     "
    `);
  });

  test('of nothing', () => {
    const { sampler } = META;
    const inTime = { sampler: { ...sampler, stats: { ...sampler.stats, late_ticks: 0 } } };
    expect(table(summaryOfReadings([], { stop__s: 0.0004 }, inTime))).toMatchInlineSnapshot(`
     "
     train  400 µs  exit 0
       GPU        no GPU was read in this time
       machine    box
       sampling   each 100 ms  100 readings  0.2 % of one CPU
     "
    `);
  });

  test('wraps between figures, and leaves columns of GPUs out, where the terminal is narrow', () => {
    const text = table(summaryOfReadings([...work, ...gpus], window), 60);
    expect(text.split('\n').filter((line) => line.length > 60)).toEqual([]);
    expect(text).toMatchInlineSnapshot(`
     "
     train  10 s  exit 0
       CPU        1.90 of 4 CPUs on average  19 s in all
                  (user 18 s, system 1 s)
       memory     largest process at most 700 MiB
                  resident in sum at most 512 MiB
                  processes at most 3
       I/O        read 10 MB  written 200 MB
       busiest    python3 (71) 15 s  loader (72) 4 s
       GPU           busy    memory  power  hottest  energy
                  0  92 %  40.1 GiB   65 W    61 °C   650 J
                  1  92 %  40.1 GiB   30 W    61 °C   300 J
                  no gpu clock, memory clock, graphics clock,
                  memory utilization, encoder utilization,
                  decoder utilization, perf state, process num,
                  memory free, memory total, power limit: too few
                  readings for this window
                  no memory temperature, fan speed: not supported
                  by this device
       energy     950 ± 10 J in all  by the GPUs’ energy counters
       disk       nvme0n1  read 10 MB  written 210 MB  busy 25 %
       files      /data  used at most 100 GiB, changed by 208 MB
                  62 % at the end
       network    eth0  received 30 kB  sent 5 kB
       machine    box  CPUs 50 % of 4, at most 50 %
                  memory at most 3.02 GiB of 16 GiB
                  io pressure 5.0 %
       sampling   each 100 ms 100 readings, 1 more was skipped
                  for lack of time  0.2 % of one CPU
                  the job followed by its process tree
     "
    `);
  });

  test('has escape sequences only when asked, and the same text beneath', () => {
    const summary = summaryOfReadings([...work, ...gpus], window, { simulated: true });
    const [plain, coloured] = [false, true].map((color) => formatSummary(summary, { color }));
    expect(plain).not.toContain('\u001b');
    expect(coloured).toContain('\u001b[1mtrain\u001b[0m');
    // eslint-disable-next-line no-control-regex
    expect(coloured?.replace(/\u001b\[[\d;]*m/g, '').replace(/ +$/gm, '')).toBe(plain);
  });

  test('lets no name steer the terminal', () => {
    const evil = process(9, 'sh\u001b]0;owned\u0007\r\n\u202e');
    const busy = readings(evil, 1, (time__s) => ({ cpu_time__s: time__s }));
    const other = readings(process(10), 1, (time__s) => ({ cpu_time__s: time__s }));
    const job = readings(JOB, 1, (time__s) => ({ cpu_time__s: time__s }));
    const text = table(
      summaryOfReadings(
        [...busy, ...other, ...job],
        { stop__s: 1 },
        { job: { ...META.job, name: 'a\u001b[2Jb' } },
      ),
    );
    // eslint-disable-next-line no-control-regex
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(text).toContain('a?[2Jb');
    expect(text).toContain('sh?]0;owned????');
  });
});

describe('figures', () => {
  test.each([
    [0, '0'],
    [7, '7'],
    [1.234, '1.23'],
    [9.996, '10.0'],
    [99.96, '100'],
    [12345.6, '12346'],
    [-3.14159, '-3.14'],
  ])('%d has the digits %s', (value, text) => {
    expect(units.digits(value)).toBe(text);
  });

  test.each([
    [units.memory(0), '0 B'],
    [units.memory(0.5), '512 KiB'],
    [units.memory(1536), '1.50 GiB'],
    [units.traffic(209_715_200), '210 MB'],
    [units.traffic(12), '12 B'],
    [units.energy(0.25), '0.25 J'],
    [units.energy(123_456), '123 kJ'],
    [units.energyGiveOrTake(6934, 62.7), '6.93 ± 0.06 kJ'],
    [units.energyGiveOrTake(420, 7.4), '420 ± 7 J'],
    [units.seconds(0.0004), '400 µs'],
    [units.seconds(0.25), '250 ms'],
    [units.seconds(0.0009994), '999 µs'],
    [units.seconds(0.0009997), '1.00 ms'],
    [units.seconds(0.001), '1 ms'],
    [units.seconds(0.9996), '1.00 s'],
    [units.seconds(59.94), '59.9 s'],
    [units.seconds(59.96), '1 m 00 s'],
    [units.seconds(3599.6), '1 h 00 m'],
    [units.memory(1023.6), '1.00 GiB'],
    [units.memory(1023.4), '1023 MiB'],
    [units.traffic(999_600_000), '1.00 GB'],
    [units.traffic(-999_600_000), '-1.00 GB'],
    [units.energy(999.7), '1.00 kJ'],
    [units.energyGiveOrTake(999.7, 20), '1.00 ± 0.02 kJ'],
    [units.seconds(12.4), '12.4 s'],
    [units.seconds(185), '3 m 05 s'],
    [units.seconds(8050), '2 h 14 m'],
    [units.percent(0), '0 %'],
    [units.percent(1.234), '1.2 %'],
    [units.percent(99.6), '100 %'],
  ])('%s is %s', (text, expected) => {
    expect(text).toBe(expected);
  });
});
