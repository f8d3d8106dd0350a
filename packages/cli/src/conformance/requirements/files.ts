import { bytesOf } from '../kit.ts';
import { member, must, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { tarEntries, tarOf } from '../tar.ts';

const tar = { 'content-type': 'application/x-tar' };

/** Archives into and out of a box. */
export const fileRequirements: readonly Requirement[] = [
  {
    id: 'files.directory',
    text: 'a directory goes up as an archive, commands see it, and it comes down below its name',
    clause: 'uploadFiles',
    async check({ send, box, shell, events }) {
      const id = await box();
      const body = tarOf({ './': '', './a.txt': 'alpha', './sub/': '', './sub/b': 'beta' });
      (await send('PUT', `/boxes/${id}/files?path=%2Fopt%2Fapp`, { body, headers: tar })).is(204);
      const seen = bytesOf(await events(await shell(id, 'cat /opt/app/a.txt /opt/app/sub/b')), 'stdout').toString();
      same(seen, 'alphabeta', 'what a command reads');
      const down = (await send('GET', `/boxes/${id}/files?path=%2Fopt%2Fapp`)).is(200);
      same(down.headers.get('content-type'), 'application/x-tar', 'Content-Type');
      const entries = tarEntries(down.bytes);
      for (const { name } of entries) must(/^(\.\/)?app(\/|$)/.test(name), `${name} must begin with app`);
      const file = entries.find(({ name }) => /app\/sub\/b$/.test(name));
      same(file?.content.toString(), 'beta', 'the file that comes down');
    },
  },
  {
    id: 'files.single-up',
    text: 'an archive of one file is written at the path, or into it where it is a directory',
    clause: 'uploadFiles',
    async check({ send, box, shell, events }) {
      const id = await box();
      const body = tarOf({ 'a.txt': 'alpha' });
      for (const path of ['/root/new/name.txt', '/root/dir/', '/tmp'])
        (await send('PUT', `/boxes/${id}/files?path=${encodeURIComponent(path)}`, { body, headers: tar })).is(204);
      const look = 'cat /root/new/name.txt /root/dir/a.txt /tmp/a.txt';
      same(bytesOf(await events(await shell(id, look)), 'stdout').toString(), 'alphaalphaalpha', 'the three files');
    },
  },
  {
    id: 'files.single-down',
    text: 'a single file comes down as one regular entry with its base name, and nothing else',
    clause: 'downloadFiles',
    async check({ send, box, shell, ended }) {
      const id = await box();
      await ended(await shell(id, 'printf content > /root/one.txt'));
      const down = (await send('GET', `/boxes/${id}/files?path=%2Froot%2Fone.txt`)).is(200);
      const entries = tarEntries(down.bytes).map(({ name, kind, content }) => [name, kind, content.toString()]);
      same(entries, [['one.txt', 'file', 'content']], 'the entries');
    },
  },
  {
    id: 'files.leading-out',
    text: 'a .. in the path, or in an entry, is 400, and nothing is written',
    clause: 'uploadFiles',
    async check({ send, box, shell, events }) {
      const id = await box();
      const good = tarOf({ 'a.txt': 'alpha' });
      const bad = tarOf({ './': '', '../../etc/led-out': 'x' });
      (await send('PUT', `/boxes/${id}/files?path=%2Ftmp%2F..%2Fetc%2F`, { body: good, headers: tar })).is(400);
      (await send('GET', `/boxes/${id}/files?path=%2Ftmp%2F..%2Fetc`)).is(400);
      (await send('PUT', `/boxes/${id}/files?path=%2Ftmp%2Fin`, { body: bad, headers: tar })).is(400);
      const look = await events(await shell(id, 'ls /etc/led-out /etc/a.txt'));
      same(bytesOf(look, 'stdout').toString(), '', 'what was written outside');
    },
  },
  {
    id: 'files.missing',
    text: 'a path that is not there is 404, and no path at all 400',
    clause: 'downloadFiles',
    async check({ send, box }) {
      const id = await box();
      const answer = (await send('GET', `/boxes/${id}/files?path=%2Fnone`)).is(404);
      same(member(answer.json(), 'error', 'type'), 'NotFoundError', 'error.type');
      (await send('GET', `/boxes/${id}/files`)).is(400);
    },
  },
  {
    id: 'files.malformed',
    text: 'bytes that are no archive are 400, another content type 415',
    clause: 'uploadFiles',
    async check({ send, box }) {
      const path = `/boxes/${await box()}/files?path=%2Ftmp%2Fin`;
      (await send('PUT', path, { body: 'no archive '.repeat(100), headers: tar })).is(400);
      (await send('PUT', path, { json: {} })).is(415);
    },
  },
  {
    id: 'files.overwrite',
    text: 'with overwrite=false a file that is there is 409 and stays',
    clause: 'uploadFiles',
    async check({ send, box, shell, events }) {
      const id = await box();
      const path = `/boxes/${id}/files?path=%2Froot%2F`;
      (await send('PUT', path, { body: tarOf({ 'a.txt': 'old' }), headers: tar })).is(204);
      (await send('PUT', `${path}&overwrite=false`, { body: tarOf({ 'a.txt': 'new' }), headers: tar })).is(409);
      const look = async (): Promise<string> =>
        bytesOf(await events(await shell(id, 'cat /root/a.txt')), 'stdout').toString();
      same(await look(), 'old', 'the file');
      (await send('PUT', path, { body: tarOf({ 'a.txt': 'new' }), headers: tar })).is(204);
      same(await look(), 'new', 'the file');
    },
  },
];
