'use strict';
// Uses CPU time and memory, itself and in a child, and prints its peak memory as the kernel counted it, as JSON.
const { spawnSync } = require('node:child_process');

const block = Buffer.alloc(80 * 2 ** 20, 1);
spawnSync('sh', ['-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done']);
let sum = 0;
const until = process.cpuUsage().user + 300_000;
while (process.cpuUsage().user < until) sum += block[sum % block.length];
process.stdout.write(JSON.stringify({ rss__MiB: process.resourceUsage().maxRSS / 1024 }));
