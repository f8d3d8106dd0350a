import { expect } from 'vitest';
import type { Scenarios } from '../asker.ts';

/** More than a server sends: `capabilities.file_transfer_max_bytes` is 64 GiB. */
const tooLarge = `${64 * 1024 ** 3 + 1}`;

export const fileScenarios: Scenarios = {
  'files go in and out': async ({ rows, box, ask, expectStatus }) => {
    const holes = { box_id: await box() };
    const packed = await ask('downloadFiles', { holes, query: 'path=/etc/hostname' });
    expectStatus(packed, 200);
    await rows([['uploadFiles', 204, { holes, query: 'path=/tmp/', body: packed.body }]]);
  },

  'a file is written, read, told and removed': async ({ rows, box }) => {
    const file = { holes: { box_id: await box() }, query: 'path=/tmp/file' };
    await rows([
      ['writeFile', 204, { ...file, body: 'text' }],
      ['writeFile', 409, { ...file, query: `${file.query}&overwrite=false` }],
      ['readFile', 200, file],
      ['readFile', 206, { ...file, headers: { range: 'bytes=1-2' } }],
      ['readFile', 416, { ...file, headers: { range: 'bytes=9-' } }],
      ['statFile', 200, file],
      ['removeFile', 204, file],
    ]);
  },

  'a directory is made, once, and listed': async ({ rows, box }) => {
    const directory = { holes: { box_id: await box() }, query: 'path=/tmp/directory' };
    await rows([
      ['makeDirectory', 204, directory],
      ['makeDirectory', 409, directory],
      ['listDirectory', 200, { ...directory, query: 'path=/etc' }],
    ]);
  },

  'what a box makes of its files is told as the contract has it': async ({ rows, box, command, output }) => {
    const holes = { box_id: await box() };
    const script =
      'cd /dev/shm; for at in 99999999999999 253402300800 -99999999999; do touch -d @$at ./$at; done; : > "$(printf "a\\n\\377")"';
    const made = await command(holes.box_id, { command: 'sh', args: ['-c', script] });
    expect(await output(holes.box_id, made)).toContain('"exit_code":0');
    await rows([
      ['listDirectory', 200, { holes, query: 'path=/dev/shm' }],
      ['listDirectory', 200, { holes, query: 'path=/proc/self/fd' }],
      ['readFile', 200, { holes, query: 'path=/dev/shm/99999999999999' }],
      ['statFile', 200, { holes, query: 'path=/dev/shm/-99999999999' }],
    ]);
  },

  'of a file that is larger than a server sends only a part is sent': async ({ rows, box, command, output }) => {
    const holes = { box_id: await box() };
    await output(holes.box_id, await command(holes.box_id, { command: 'truncate', args: ['-s', tooLarge, '/large'] }));
    await rows([
      ['readFile', 413, { holes, query: 'path=/large' }],
      ['readFile', 206, { holes, query: 'path=/large', headers: { range: 'bytes=-3' } }],
    ]);
  },
};
