// The caller's mistakes: each names the option, what was given and what is allowed.
import { Nvml, NvpulseError, Sampler, type SamplerOptions } from '../../lib';

const messageOf = (make: () => unknown): string => {
  try {
    make();
  } catch (error) {
    if (error instanceof NvpulseError && error.code === 'ERR_OPTION') return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
};

test.each([
  ['0', "interval: '0' is out of range; allowed is 1ms to 1h"],
  [
    '-1s',
    "interval: '-1s' is not a duration; allowed is a number and a unit (us ms s m h); a bare number is seconds, such as 10ms",
  ],
  [
    '5x',
    "interval: '5x' is not a duration; allowed is a number and a unit (us ms s m h); a bare number is seconds, such as 10ms",
  ],
  ['999us', "interval: '999us' is out of range; allowed is 1ms to 1h"],
  ['61m', "interval: '61m' is out of range; allowed is 1ms to 1h"],
])('an interval of %s', (interval, message) => {
  expect(messageOf(() => new Sampler({ interval }))).toBe(message);
});

test('an unknown option', () => {
  const options: SamplerOptions = JSON.parse('{"intervall": "1s"}');
  expect(messageOf(() => new Sampler(options))).toBe(
    "Sampler: unknown option 'intervall'; allowed are interval, host, gpu, nvml, rootfs, hostName",
  );
});

test('a metric that gpu does not have', async () => {
  const metrics = JSON.parse('["power__W"]');
  await expect(Nvml.bulkReader(metrics)).rejects.toMatchObject({
    code: 'ERR_OPTION',
    message: expect.stringContaining("'power__W' is no metric of gpu; it has gpu_clock__MHz, "),
  });
});
