import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addGlobalOptions, globalOptions } from './globals.ts';

function parsed(args: readonly string[], env: NodeJS.ProcessEnv): ReturnType<typeof globalOptions> {
  const program = addGlobalOptions(new Command('boxlite').enablePositionalOptions());
  const list = program.command('list').action(() => undefined);
  addGlobalOptions(list);
  program.parse(args, { from: 'user' });
  return globalOptions(list, env);
}

test('a global option is taken before the verb and after it, and the one after it wins', () => {
  expect(parsed(['--home', '/a', 'list'], {}).home).toBe('/a');
  expect(parsed(['list', '--home', '/b'], {}).home).toBe('/b');
  expect(parsed(['--home', '/a', 'list', '--home', '/b'], {}).home).toBe('/b');
});

test('the environment stands in for what no flag says, and an empty variable says nothing', () => {
  const env = { BOXLITE_HOME: '/env', BOXLITE_REST_URL: 'http://env', BOXLITE_REST_PATH_PREFIX: '' };
  expect(parsed(['list'], env)).toMatchObject({ home: '/env', url: 'http://env', pathPrefix: undefined });
  expect(parsed(['list', '--url', 'http://flag'], env).url).toBe('http://flag');
});
