// The machine's hardware as systeminformation finds it: it starts other programs and takes a quarter of a second, so
// it is asked for beside a job that lasts, and never waited for.
import type { Inventory } from '../recording';

/** CPU model, disks and operating system; no serial numbers. Rejects where systeminformation fails. */
export async function readInventory(): Promise<Inventory> {
  const { cpu, diskLayout, osInfo } = require('systeminformation') as typeof import('systeminformation');
  const [processor, disks, os] = await Promise.all([cpu(), diskLayout(), osInfo()]);
  return {
    cpu: {
      model: `${processor.manufacturer} ${processor.brand}`.trim(),
      speed__GHz: processor.speed,
      core_num: processor.cores,
      physical_core_num: processor.physicalCores,
      socket_num: processor.processors,
    },
    disks: disks.map(({ device, type, name, interfaceType, size }) => ({
      device,
      type,
      name,
      interface: interfaceType,
      size__MiB: size / 1048576,
    })),
    os: { name: os.distro, release: os.release, kernel: os.kernel, arch: os.arch },
  };
}
