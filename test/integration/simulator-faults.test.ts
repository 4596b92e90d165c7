// One test per kind of fault, and what the simulator refuses: through nvidia-ml-py (test/python/call.py).
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulate, type SimulateOptions } from '../../lib/testing';
import { NVIDIA_ML_PY } from '../support/nvidia-ml-py';
import { describeWithPython } from '../support/python';

const CALL = readFileSync(join(__dirname, '..', 'python', 'call.py'), 'utf8');

describeWithPython('the simulator', [NVIDIA_ML_PY], (python) => {
  const call = (options: SimulateOptions, steps: string): readonly unknown[] => {
    const answers = python.json(CALL, { args: steps.split(' '), env: simulate(options).env });
    return Array.isArray(answers) ? answers : [];
  };
  const withFaults = (faults: string, steps: string): readonly unknown[] => call({ faults }, steps);

  test('an error code hits the call and the device it names, and no other', () => {
    const faults = 'call=DeviceGetPowerUsage,gpu=3,error=15';
    expect(withFaults(faults, 'init open:3 power name open:2 power')).toEqual([
      0,
      0,
      { code: 15 },
      'NVIDIA H200',
      0,
      expect.any(Number),
    ]);
  });

  test('an error comes and goes with its times', () => {
    const faults = 'call=DeviceGetName,error=999,from=1s,for=100ms';
    expect(withFaults(faults, 'init open:0 name until:999:name until:0:name')).toEqual([
      0,
      0,
      'NVIDIA H200',
      { code: 999 },
      'NVIDIA H200',
    ]);
  });

  test('init fails as told', () => {
    expect(withFaults('call=Init*,error=18', 'init count')).toEqual([{ code: 18 }, { code: 1 }]);
  });

  test('a missing call is answered with "function not found"; its older form is there', () => {
    const answers = withFaults('missing=DeviceGetMemoryInfo_v2', 'init open:0 memory_v2 memory_v1');
    expect(answers).toEqual([0, 0, { code: 13 }, 143771 * 1048576]);
  });

  test('a latency delays only the call it names', () => {
    const [, , delayed] = withFaults('call=DeviceGetName,latency=80ms', 'init open:0 timed:name');
    expect(delayed).toBeGreaterThanOrEqual(80);
  });

  test('a hang does not return, while other devices answer', () => {
    const faults = 'call=DeviceGetPowerUsage,gpu=1,hang';
    expect(withFaults(faults, 'init open:1 hangs:power open:0 hangs:power power')).toEqual([
      0,
      0,
      true,
      0,
      false,
      expect.any(Number),
    ]);
  });

  test('a hang with an end returns then', () => {
    expect(withFaults('call=DeviceGetName,hang,for=900ms', 'init open:0 hangs:name name')).toEqual([
      0,
      0,
      true,
      'NVIDIA H200',
    ]);
  });

  test('a lost device answers 15 to everything, and comes back for those who look it up again', () => {
    const faults = 'gpu=1,lost,from=1s,for=1s';
    const steps = 'init open:1 power until:15:power name open:1 until:0:open:1 power open:0 power';
    expect(withFaults(faults, steps)).toEqual([
      0,
      0,
      expect.any(Number),
      { code: 15 },
      { code: 15 },
      { code: 15 },
      0,
      expect.any(Number),
      0,
      expect.any(Number),
    ]);
  });

  test('a handle from before a loss stays lost', () => {
    const steps = 'init open:1 until:15:power until:0:look:1 power open:1 power';
    expect(withFaults('gpu=1,lost,from=1s,for=100ms', steps)).toEqual([
      0,
      0,
      { code: 15 },
      0,
      { code: 15 },
      0,
      expect.any(Number),
    ]);
  });

  test.each([
    ['DeviceGetTemperature', 'temperature'],
    ['DeviceGetTemperatureV', 'temperature_v'],
    ['DeviceGetFanSpeed', 'fan'],
    ['DeviceGetFanSpeed_v2', 'fan_v2'],
  ])('%s tells the value that a fault gives it, and other forms do not', (name, step) => {
    const steps = ['temperature', 'temperature_v', 'fan', 'fan_v2'];
    const answers = call(
      { profile: 'desktop', faults: `call=${name},value=123` },
      `init open:0 ${steps.join(' ')}`,
    ).slice(2);
    expect(steps.filter((_, i) => answers[i] === 123)).toEqual([step]);
  });

  test('an energy counter that is reset starts again from zero', () => {
    const steps = 'init open:0 energy open:1 energy';
    const loaded__ns = BigInt(Date.now() - 3_600_000) * 1_000_000n;
    const [, , reset, , whole] = call({ faults: 'gpu=0,reset_counter,at=0s', loaded__ns }, steps);
    expect(reset).toBeLessThan(1e6);
    // An hour of 200 W at least, in mJ.
    expect(whole).toBeGreaterThan(200 * 3600 * 1e3);
  });

  test('a driver reload: not loaded, then uninitialised until init, then energy from zero', () => {
    const faults = 'driver_reload,at=1s,for=1s';
    const steps = 'init open:0 energy until:9:power init until:1:power open:0 init power open:0 power energy';
    expect(withFaults(faults, steps)).toEqual([
      0,
      0,
      expect.any(Number),
      { code: 9 },
      { code: 9 },
      { code: 1 },
      { code: 1 },
      0,
      { code: 2 },
      0,
      expect.any(Number),
      expect.any(Number),
    ]);
  });

  test('real latencies: a throughput call blocks for 20 ms', () => {
    const [, , took__ms] = call({ latency: 'real' }, 'init open:0 timed:pcie');
    expect(took__ms).toBeGreaterThanOrEqual(20);
  });

  test('counts init and shutdown, and handles end with the last shutdown', () => {
    const steps = 'count init version init open:0 shutdown name shutdown name shutdown init name open:0 name';
    expect(call({}, steps)).toEqual([
      { code: 1 },
      0,
      '13.580.126.20',
      0,
      0,
      0,
      'NVIDIA H200',
      0,
      { code: 1 },
      { code: 1 },
      0,
      { code: 2 },
      0,
      'NVIDIA H200',
    ]);
  });

  test('a struct version it does not know is answered with 25', () => {
    expect(call({}, 'init open:0 memory_v9')).toEqual([0, 0, { code: 25 }]);
  });

  test('the power ring has its samples', () => {
    expect(call({}, 'init open:0 samples')).toEqual([0, 0, 120]);
  });

  test('live processes are those that name the device in their environment', () => {
    const child = spawn('sleep', ['60'], { env: { ...process.env, NVPULSE_SIM_GPU: '1,3' } });
    try {
      const steps = 'init open:0 pids open:1 pids open:2 pids open:3 pids';
      expect(call({ processes: 'environ' }, steps)).toEqual([
        0,
        0,
        [],
        0,
        [child.pid],
        0,
        [],
        0,
        [child.pid],
      ]);
    } finally {
      child.kill();
    }
  });

  test.each([
    ['NVPULSE_SIM_PROFILE', 'h300', 'h200x8 (or any from h200x1 to h200x64), t4, desktop, laptop, odd'],
    ['NVPULSE_SIM_PROFILE', 'h200x65', 'laptop'],
    ['NVPULSE_SIM_TIME', 'now', 'nanoseconds'],
    ['NVPULSE_SIM_LOADED', '-1', 'nanoseconds'],
    ['NVPULSE_SIM_LATENCY', 'some', 'none, real'],
    ['NVPULSE_SIM_PROCESSES', 'all', 'live, profile, environ'],
    ['NVPULSE_SIM_FAULTS', 'call=DeviceGetNothing,error=3', '"call=DeviceGetNothing": no such call'],
    ['NVPULSE_SIM_FAULTS', 'call=DeviceGetName', 'a rule does one thing'],
    ['NVPULSE_SIM_FAULTS', 'call=DeviceGetName,error=3,hang', 'a rule does one thing'],
    ['NVPULSE_SIM_FAULTS', 'call=DeviceGetName,error=0', 'error takes a code from 1 to 999'],
    ['NVPULSE_SIM_FAULTS', 'call=DeviceGetName,latency=5x', 'a duration is like'],
    ['NVPULSE_SIM_FAULTS', 'gpu=8,lost', 'the profile has no such gpu'],
    ['NVPULSE_SIM_FAULTS', 'lost', 'lost needs gpu=INDEX'],
    ['NVPULSE_SIM_FAULTS', 'hangs', 'allowed are call, gpu'],
  ])('%s=%s is refused with one line that says why', (variable, value, why) => {
    const env = { ...simulate().env, [variable]: value };
    const { stdout, stderr } = spawnSync('python3', ['-', 'init', 'count'], {
      input: CALL,
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: python.folder, ...env },
    });
    expect(JSON.parse(stdout)).toEqual([{ code: 2 }, { code: 1 }]);
    expect(stderr).toMatch(/^nvpulse simulator: [^\n]*\n$/);
    expect(stderr).toContain(why);
    expect(stderr).toContain(variable);
  });
});
