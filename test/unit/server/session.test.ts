// A reading that fails is one reading: those after it, and the jobs that end with it, are none the worse.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sampler } from '../../../lib';
import { Monitor } from '../../../lib/server/monitor';
import { Session } from '../../../lib/server/session';

const state = mkdtempSync(join(tmpdir(), 'nvpulse-session-'));
afterAll(() => rmSync(state, { recursive: true }));
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closers.splice(0)) await close();
});

const failOnce = (): void => {
  jest.spyOn(Sampler.prototype, 'tick').mockRejectedValueOnce(new Error('no reading this time'));
};

test('a reading that failed fails for those who asked for it, and for nobody after', async () => {
  const session = await Session.start({
    spool: join(state, 'spool'),
    interval__ns: 1e9,
    nvml: '/nonexistent',
    machine: {},
    utcOffset: undefined,
  });
  closers.push(() => session.stop());
  session.follow(() => false);
  failOnce();
  const together = [session.read(), session.read()];
  const settled = await Promise.allSettled(together);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(session.read()).resolves.toBeUndefined();
});

test('a job whose last reading failed has its summary, and so have the jobs after it', async () => {
  const told: string[] = [];
  const monitor = await Monitor.open({
    state,
    interval__ns: 1e8,
    background__ns: null,
    nvml: '/nonexistent',
    machine: {},
    log: (line) => told.push(line),
  });
  closers.push(() => monitor.close());
  for (const id of ['one', 'two']) {
    await monitor.start({ id });
    failOnce();
    await monitor.stop(id);
    await monitor.finished(id);
    expect(await monitor.summaryOf(id)).toMatchObject({ job: { id } });
  }
  expect(told).toContain("job 'one': no reading this time");
});
