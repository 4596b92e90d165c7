// The system of a machine whose root is mounted in a folder: links there lead to its own files, never to ours.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { osRelease } from '../../../lib/jobs/os-release';
import { temporaryFolder } from '../../support/folder';

const folder = temporaryFolder();
/** A file that the machine has, and we have not. */
const RELEASE = '/usr/lib/machine-7-release';

test.each<[string, Readonly<Record<string, string>>]>([
  ['a link to an absolute path', { '/etc/os-release': RELEASE }],
  ['a relative link', { '/etc/os-release': '../usr/lib/machine-7-release' }],
  ['a relative link that climbs beyond the root', { '/etc/os-release': `../../../../..${RELEASE}` }],
  ['a link to a link', { '/etc/os-release': '/etc/static/os-release', '/etc/static/os-release': RELEASE }],
  ['a folder that is a link', { '/etc': '/config/./now/', '/config/now/os-release': RELEASE }],
])('%s', (name, links) => {
  const root = join(folder, name);
  const put = (path: string): string => {
    mkdirSync(dirname(root + path), { recursive: true });
    return root + path;
  };
  writeFileSync(put(RELEASE), 'NAME=Seven\nPRETTY_NAME="Seven 7.7"\n');
  for (const [path, target] of Object.entries(links)) symlinkSync(target, put(path));
  expect(osRelease(root)).toEqual({ NAME: 'Seven', PRETTY_NAME: 'Seven 7.7' });
});

test('what leads nowhere there is none, whatever is at its place here', () => {
  const root = join(folder, 'none');
  mkdirSync(join(root, 'etc'), { recursive: true });
  const mine = join(folder, 'mine');
  writeFileSync(mine, 'NAME=Ours\n');
  for (const target of [mine, '/etc/os-release']) {
    const path = join(root, 'etc', 'os-release');
    symlinkSync(target, path);
    expect(osRelease(root)).toBeUndefined();
    rmSync(path);
  }
});

test('our own', () => expect(osRelease('')).toHaveProperty('NAME'));
