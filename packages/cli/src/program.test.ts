import { expect, test } from 'vitest';
import { boxliteProgram } from './program.ts';

const url = ['--url', 'http://127.0.0.1:9'];

test.each([
  [
    ['create', '--health-timeout', '5', 'a'],
    '--health-timeout checks nothing without a command: give --health-command',
  ],
  [['run', '--health-start-period', '5', 'a'], '--health-start-period checks nothing without a command'],
  [['create', '--health-interval', '0', 'a'], '--health-interval checks nothing without a command'],
  [['run', '--health-retries', '5', 'a'], '--health-retries checks nothing without a command'],
  [['list', '-q', '--format', 'json'], "option '-q, --quiet' cannot be used with option '--format <format>'"],
  [['images', '-q', '--format', 'json'], "option '-q, --quiet' cannot be used with option '--format <format>'"],
  [['volume', 'ls', '-q', '--format', 'json'], "option '-q, --quiet' cannot be used with option '--format <format>'"],
  [['snapshot', 'ls', '-q', '--format', 'json', 'a'], "'-q, --quiet' cannot be used with option '--format <format>'"],
  [['list', '--path-prefix', 'acme'], '--path-prefix names a tenant of a server: give --url as well'],
  [['list', ...url, '--registry', 'a'], '--registry is for the boxes of this machine, and this is a server'],
  [['list', ...url, '--profile', 'work'], '--profile work and http://127.0.0.1:9 of --url or BOXLITE_REST_URL are two'],
  [['serve', '--path-prefix', 'acme'], 'serve serves every tenant: leave --path-prefix out'],
  [['serve', '--profile', 'work'], 'serve serves the boxes of this machine: leave --profile out'],
])('%j would leave a flag unheeded, and is refused', async (args, message) => {
  const program = boxliteProgram('0').configureOutput({ writeErr() {} });
  await expect(program.parseAsync(['--home', '/proc/none', ...args], { from: 'user' })).rejects.toThrow(message);
});
