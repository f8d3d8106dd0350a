#!/usr/bin/env node
// Plain JavaScript, so that an older Node can still say what is wrong.
import { existsSync, statSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 20)) {
  process.stderr.write(
    `Error: boxlite needs Node 22.20 or newer and this is ${process.version}; install it from https://nodejs.org\n`,
  );
  process.exitCode = 1;
} else {
  // Buffers of sockets are freed when the young generation is collected, which is sized without them: a small one
  // keeps transfers of any size within a few MiB, and is faster (docs/decisions/0001-first-light.md).
  setFlagsFromString('--scavenger-max-new-space-capacity-mb=1');
  // Compiled code is kept, which halves the time that a command takes to begin. Not in a home of somebody else, such as
  // under sudo: who can write there could put any code into it.
  const home = process.env['HOME'];
  const caches = process.env['XDG_CACHE_HOME'] || (home && join(home, '.cache'));
  const isOurs = (folder) => {
    try {
      return statSync(folder).uid === process.getuid?.();
    } catch {
      return false;
    }
  };
  if (caches && (isOurs(caches) || (!existsSync(caches) && isOurs(dirname(caches)))))
    module.enableCompileCache(join(caches, 'boxlite'));
  const source = new URL('../src/main.ts', import.meta.url);
  const { main } = await import(existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href);
  process.exitCode = await main(process.argv.slice(2));
}
