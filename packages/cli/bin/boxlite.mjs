#!/usr/bin/env node
// Plain JavaScript, so that an older Node can still say what is wrong.
import { existsSync } from 'node:fs';
import process from 'node:process';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `Error: boxlite needs Node 24 or newer and this is ${process.version}; install it from https://nodejs.org\n`,
  );
  process.exitCode = 1;
} else {
  const source = new URL('../src/main.ts', import.meta.url);
  const { main } = await import(existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href);
  process.exitCode = await main(process.argv.slice(2));
}
