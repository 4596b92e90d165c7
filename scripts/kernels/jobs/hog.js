'use strict';
// Takes memory until the kernel ends it.
const blocks = [];
for (;;) blocks.push(Buffer.alloc(8 * 2 ** 20, 1));
