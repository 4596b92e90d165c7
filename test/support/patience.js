'use strict';
// How long a test waits for what has to come. It is a guard against waiting for ever, never a judgement of speed.
const { availableParallelism, loadavg } = require('node:os');

/** Milliseconds, stretched by how many wait for each CPU now: what waits for a CPU is late, not wrong. */
exports.patience = (limit__ms) => limit__ms * Math.max(1, loadavg()[0] / availableParallelism());
