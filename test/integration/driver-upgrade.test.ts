// A driver is upgraded below a process that has its library open: the file is another one, and the loaded one is refused.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulate } from '../../lib/testing';
import { inChild } from '../support/child';
import { temporaryFolder } from '../support/folder';

const OLD = '580.126.20';
const NEW = '580.199.42';

/** The kernel's module is another from the first second on: the library is refused. */
const FAULTS = 'driver_reload,at=1s,for=100ms;call=Init*,error=18,from=1s';

const folder = temporaryFolder();

/** A driver's library in a folder of its own, and the one of the next driver beside it. */
function installed(name: string): { readonly path: string; readonly next: string } {
  const [path, next] = [join(folder, name, 'libnvidia-ml.so.1'), join(folder, name, 'next')];
  mkdirSync(join(folder, name));
  const { path: simulator } = simulate({ profile: 'h200x2' });
  copyFileSync(simulator, path);
  const upgraded = readFileSync(simulator, 'latin1').replaceAll(OLD, NEW);
  writeFileSync(next, upgraded, 'latin1');
  return { path, next };
}

test.each([
  ['named by its path', (path: string) => ({ NVPULSE_NVML: path })],
  ["the system's", (path: string) => ({ NVPULSE_NVML: '', LD_LIBRARY_PATH: join(path, '..') })],
])('the new library is used once the file is another: %s', async (name, env) => {
  const { path, next } = installed(name);
  const seen = await inChild(
    { ...simulate({ profile: 'h200x2', faults: FAULTS }).env, ...env(path) },
    async ({ Sampler }, { path, next }) => {
      const { readFileSync, renameSync } = process.getBuiltinModule('node:fs');
      const sampler = new Sampler({ interval: '20ms', host: false });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      const states: string[] = [];
      const recovered: string[] = [];
      const versions = new Set<string>();
      const rows = new Map<number, number>();
      const end = performance.now() + 30_000;
      let upgraded = false;
      for (let next_ = await batches.next(); !next_.done; next_ = await batches.next()) {
        const { state, reason, driver_version, library } = sampler.gpu();
        const told = `${state}: ${reason}`;
        if (state !== 'waiting' && states.at(-1) !== told) states.push(told);
        if (driver_version !== '') versions.add(`${driver_version} ${library}`);
        if (!upgraded && reason.includes('different versions')) {
          Object.assign(process.env, { NVPULSE_SIM_FAULTS: '' });
          renameSync(next, path);
          upgraded = true;
        }
        for (const { kind, text } of next_.value.events)
          if (kind === 'device_recovered') recovered.push(text.replace(/ \(.*\)/, ''));
        const table = next_.value.table('gpu');
        for (const id of table?.instance ?? [])
          if (recovered.length === 2) rows.set(id, (rows.get(id) ?? 0) + 1);
        if ([...rows.values()].filter((count) => count > 5).length === 2 || performance.now() > end) break;
      }
      sampler.stop();
      const maps = readFileSync('/proc/self/maps', 'utf8');
      return {
        states,
        recovered,
        versions: [...versions],
        gpus: rows.size,
        old: maps.includes(`${path} (deleted)`),
      };
    },
    { path, next },
  );
  expect(seen).toEqual({
    states: [
      'ok: ',
      expect.stringMatching(/^failed: NVML no longer answers: /),
      expect.stringMatching(/^failed: .*different versions/),
      'ok: ',
    ],
    recovered: ['GPU 0 answers again', 'GPU 1 answers again'],
    versions: [`${OLD} ${path}`, `${NEW} ${path}`],
    gpus: 2,
    old: true,
  });
});
