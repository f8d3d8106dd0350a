import { bytesOf } from '../kit.ts';
import { member, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { capability } from '../server.ts';

const octets = { 'content-type': 'application/octet-stream' };
const needs = [capability('files_enabled')];
const at = (box: string, what: string, path: string): string =>
  `/boxes/${box}/files/${what}?path=${encodeURIComponent(path)}`;

/** Files of a box one at a time, and its executions in a list. */
export const singleFileRequirements: readonly Requirement[] = [
  {
    id: 'files.write',
    text: 'a file is written with the directories above it, and commands see it with its mode',
    clause: 'writeFile',
    needs,
    async check({ send, box, shell, events }) {
      const id = await box();
      const path = `${at(id, 'content', '/root/new/name')}&mode=750`;
      (await send('PUT', path, { body: 'alpha', headers: octets })).is(204);
      const look = 'cat /root/new/name; stat -c %a /root/new/name';
      same(bytesOf(await events(await shell(id, look)), 'stdout').toString(), 'alpha750\n', 'what a command reads');
    },
  },
  {
    id: 'files.read',
    text: 'a file is read whole, or the part that Range asks for; a part beyond its end is 416',
    clause: 'readFile',
    needs,
    async check({ send, box }) {
      const id = await box();
      const path = at(id, 'content', '/root/digits');
      (await send('PUT', path, { body: '0123456789', headers: octets })).is(204);
      same((await send('GET', path)).is(200).bytes.toString(), '0123456789', 'the file');
      const part = (await send('GET', path, { headers: { range: 'bytes=2-4' } })).is(206);
      same([part.bytes.toString(), part.headers.get('content-range')], ['234', 'bytes 2-4/10'], 'the part');
      (await send('GET', path, { headers: { range: 'bytes=10-' } })).is(416);
    },
  },
  {
    id: 'files.look',
    text: 'a directory is listed a line of JSON an entry, and a link is told of itself unless follow_symlinks is set',
    clause: 'listDirectory',
    needs,
    async check({ send, box, shell, ended }) {
      const id = await box();
      await ended(await shell(id, 'mkdir /root/d && printf abc > /root/d/file && ln -s file /root/d/link'));
      const lines = (await send('GET', at(id, 'entries', '/root/d'))).is(200).bytes.toString().trimEnd().split('\n');
      const entries = lines.map((line): unknown => JSON.parse(line));
      const told = entries.map((entry) => `${member(entry, 'name')} ${member(entry, 'type')}`).toSorted();
      same(told, ['file file', 'link symlink'], 'the entries');
      const link = at(id, 'entry', '/root/d/link');
      same(member((await send('GET', link)).is(200).json(), 'target'), 'file', 'target of the link');
      const followed = (await send('GET', `${link}&follow_symlinks=true`)).is(200).json();
      same([member(followed, 'type'), member(followed, 'size_bytes')], ['file', 3], 'what the link leads to');
    },
  },
  {
    id: 'files.change',
    text: 'a directory is made once and removed with what is in it; what is not there is 404',
    clause: 'removeFile',
    needs,
    async check({ send, box }) {
      const id = await box();
      const directory = at(id, 'directory', '/root/a');
      (await send('PUT', directory)).is(204);
      (await send('PUT', directory)).is(409);
      (await send('PUT', at(id, 'content', '/root/a/file'), { body: 'x', headers: octets })).is(204);
      const entry = at(id, 'entry', '/root/a');
      (await send('DELETE', entry)).is(400);
      (await send('DELETE', `${entry}&recursive=true`)).is(204);
      same(member((await send('GET', entry)).is(404).json(), 'error', 'type'), 'NotFoundError', 'error.type');
    },
  },
  {
    id: 'executions.list',
    text: 'the executions of a box are listed, oldest first, a page at a time',
    clause: 'listExecutions',
    needs: [capability('execution_list_enabled')],
    async check({ send, box, shell, ended }) {
      const id = await box();
      const started = [await shell(id, 'true'), await shell(id, 'exit 3')];
      for (const one of started) await ended(one);
      const path = `/boxes/${id}/executions?pageSize=1`;
      const first = (await send('GET', path)).is(200).json();
      const token = String(member(first, 'next_page_token'));
      const second = (await send('GET', `${path}&pageToken=${encodeURIComponent(token)}`)).is(200).json();
      const codes = [first, second].map((page) => member(page, 'executions', '0', 'exit_code'));
      same(codes, [0, 3], 'the exit codes');
    },
  },
];
