// Started by server-killed-in-a-request.test.ts: a server that kills itself at a write to its table of requests, as its last
// argument or a line on stdin says: `0 after` is after the next one, `1 before` before the one after that.
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

const [home = '', port = '0', key = '', point = '-1 before'] = process.argv.slice(2);
let [left, side] = parsed(point);
function parsed(text: string): [number, string] {
  return [Number(text.split(' ')[0]), text.split(' ')[1] ?? ''];
}
const prepare = DatabaseSync.prototype.prepare;
DatabaseSync.prototype.prepare = function (sql, ...rest) {
  const statement = prepare.call(this, sql, ...rest);
  if (!sql.startsWith('INSERT INTO requests')) return statement;
  const run = statement.run.bind(statement);
  Reflect.set(statement, 'run', (...values: SQLInputValue[]) => {
    const here = left-- === 0;
    if (here && side === 'before') process.kill(process.pid, 'SIGKILL');
    const result = run(...values);
    if (here) process.kill(process.pid, 'SIGKILL');
    return result;
  });
  return statement;
};

const { openLocal } = await import('@boxlite/runtime');
const { createApp, listen, openServerStore } = await import('@boxlite/server');
const backend = await openLocal({ homeDir: home, detachAll: true });
const store = openServerStore(join(home, 'server.db'));
const server = await listen(createApp(backend, { auth: { apiKeys: [{ key }] }, store }), { port: Number(port) });
process.stdout.write(`${server.port}\n`);
const lines = createInterface(process.stdin);
lines.on('line', (line) => {
  [left, side] = parsed(line);
  process.stdout.write('armed\n');
});
await new Promise((resolve) => lines.once('close', resolve));
await server.close();
await backend.shutdown();
store.close();
