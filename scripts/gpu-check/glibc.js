'use strict';
// Which glibc binaries need, by the versions of symbols that they name.
const { readFileSync } = require('node:fs');

/** The newest of all files, such as '2.28'. */
exports.glibcOf = (files) => {
  const minors = files.flatMap((file) =>
    [...readFileSync(file, 'latin1').matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor)),
  );
  return `2.${Math.max(...minors)}`;
};
