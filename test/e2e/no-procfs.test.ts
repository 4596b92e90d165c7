// A machine without procfs, made by hiding it: what systeminformation tells is recorded, the rest is absent.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { EntitySummary, JobSummary } from '../../lib';
import { stateFolder } from '../support/nvpulse';

const BIN = join(__dirname, '..', '..', 'bin', 'nvpulse.js');
const state = stateFolder();

const hidden = (command: string) =>
  spawnSync('unshare', ['--mount', 'sh', '-c', `mount -t tmpfs none /proc && ${command}`], {
    encoding: 'utf8',
    env: { ...process.env, XDG_STATE_HOME: state },
  });
const possible = hidden('test ! -e /proc/stat').status === 0;
if (!possible) process.stderr.write('skipped: no procfs: this user cannot hide it (unshare --mount)\n');

(possible ? test : test.skip)(
  'memory and disks are recorded; CPUs, of which nothing is told, are absent',
  () => {
    const json = join(state, 'summary.json');
    const { status, stderr } = hidden(
      `'${process.execPath}' '${BIN}' record -i 100ms --for 2500ms --simulate t4 --json '${json}'`,
    );
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const { entities } = JSON.parse(readFileSync(json, 'utf8')) as JobSummary;
    const metricsOf = (wanted: EntitySummary['entity']): ReadonlyMap<string, unknown> =>
      new Map(Object.entries(entities.find(({ entity }) => entity === wanted)?.metrics ?? {}));
    expect(metricsOf('memory').get('memory_total__MiB')).toMatchObject({ last: totalmem() / 2 ** 20 });
    expect(metricsOf('memory').get('memory_used__MiB')).toMatchObject({ state: 'unsupported' });
    expect(metricsOf('disk').get('disk_reads')).toMatchObject({ delta: expect.any(Number) as number });
    expect(metricsOf('host').get('cpu_utilization__pct')).toMatchObject({ state: 'unsupported' });
    expect(metricsOf('gpu').get('power_draw__W')).toMatchObject({ samples: expect.any(Number) as number });
  },
);
