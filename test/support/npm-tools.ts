// Tools that tests run from npm packages of their own, so that nobody who builds nvpulse has to install them.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock';
import { npm } from './packed';

/** Brings packages into a folder's node_modules, once. @param packages such as `yarn@1.22.22` */
export function installTools(folder: string, packages: readonly string[]): void {
  withLock(join(folder, 'lock'), () => {
    const done = join(folder, `${packages.join(' ').replaceAll('/', '+')}.done`);
    if (existsSync(done)) return;
    npm(folder, ['install', '--prefix', folder, '--no-save', '--no-audit', '--loglevel=error', ...packages]);
    writeFileSync(done, '');
  });
}
