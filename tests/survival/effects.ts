// Every effect of this process on the world outside is a numbered, named step at which it can be killed. For a process of its own:
// it changes what `node:fs`, `node:sqlite` and `node:net` do, so it must be imported before anything that uses them.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';

/** Which effect ends the process, counted from 0, and on which side of it. */
export interface KillPoint {
  readonly index: number;
  readonly side: 'before' | 'after';
}

type Call = (this: unknown, ...args: unknown[]) => unknown;

/** Names each effect to `onStep`, and kills this process with SIGKILL at the point given. */
export function killAt(point: KillPoint | undefined, home: string, onStep: (name: string) => void): void {
  let index = 0;
  const around = (name: string, effect: () => unknown): unknown => {
    onStep(name);
    const here = index++ === point?.index;
    if (here && point?.side === 'before') process.kill(process.pid, 'SIGKILL');
    const result = effect();
    if (here) process.kill(process.pid, 'SIGKILL');
    return result;
  };
  const replace = (owner: object, key: string, name: (args: unknown[], self: unknown) => string | undefined): void => {
    const original = Reflect.get(owner, key) as Call;
    Reflect.set(owner, key, function (this: unknown, ...args: unknown[]) {
      const step = name(args, this);
      return step === undefined ? original.apply(this, args) : around(step, () => original.apply(this, args));
    });
  };
  const path = (value: unknown): string =>
    String(value)
      .replace(home, '~')
      .replace(/[0-9A-Z]{26}/g, 'ID');
  for (const key of ['rename', 'rm', 'rmdir', 'mkdir', 'mkdtemp', 'writeFile', 'chmod', 'unlink']) {
    replace(fs.promises, key, ([target]) => `${key} ${path(target)}`);
  }
  for (const key of [
    'renameSync',
    'rmSync',
    'mkdirSync',
    'mkdtempSync',
    'writeFileSync',
    'chmodSync',
    'ftruncateSync',
  ]) {
    replace(fs, key, ([target]) => `${key} ${path(target)}`);
  }
  replace(fs, 'writevSync', () => 'write to a log');
  const guests = new WeakSet<object>();
  const connect = net.createConnection as Call;
  Reflect.set(net, 'createConnection', function (this: unknown, ...args: unknown[]) {
    const socket = connect.apply(this, args);
    guests.add(Object(socket));
    return socket;
  });
  replace(net.Socket.prototype, 'write', ([bytes], socket) => {
    if (!(bytes instanceof Uint8Array) || bytes.length < 9) return undefined;
    const program = /\0(run|delete|--version)/.exec(Buffer.from(bytes.subarray(9, 4096)).toString('latin1'))?.[1] ?? '';
    return guests.has(Object(socket)) ? `guest frame ${bytes[8]}` : `host frame ${bytes[8]} ${program}`.trim();
  });
  replace(DatabaseSync.prototype, 'exec', ([sql]) =>
    /^(COMMIT|BEGIN;)/.test(String(sql)) ? `sql ${String(sql).slice(0, 12)}` : undefined,
  );
  const prepare = DatabaseSync.prototype.prepare;
  DatabaseSync.prototype.prepare = function (sql, ...rest) {
    const statement = prepare.call(this, sql, ...rest);
    if (/^\s*SELECT/i.test(sql)) return statement;
    const what = `sql ${sql.replace(/\s+/g, ' ').slice(0, 28)}`;
    for (const key of ['run', 'get']) replace(statement, key, () => what);
    return statement;
  };
  syncBuiltinESMExports();
}
