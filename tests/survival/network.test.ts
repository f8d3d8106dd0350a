import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { NetworkError } from 'boxlite';
import { expect, test } from 'vitest';
import { baseImage, openSite, until } from './harness.ts';

// On runc, and on runsc, whose boxes have a network stack of their own.
const securities = ['standard', 'maximum'] as const;

test.each(securities)(
  'after a killed server a box of security %s has its network and its refusals, and loses them with its end',
  {
    timeout: 60_000,
  },
  async (security) => {
    await using site = await openSite();
    const box = await site.runtime.create({
      image: baseImage,
      autoRemove: false,
      security,
      network: { allow: ['example.com'] },
    });
    await box.exec('nc', ['-ll', '-p', '7', '-e', 'cat']);
    await box.run('sh', ['-c', 'until netstat -ltn | grep -q :7; do sleep 0.02; done; nc -w 3 192.0.2.7 80']);
    await until('the refusal', async () => (await box.network.events()).length);
    await site.crash();
    const again = await site.runtime.get(box.id);
    if (!again) throw new Error('the box is gone');
    expect((await again.network.events()).map(({ address }) => address)).toContain('192.0.2.7');
    await using forward = await again.network.tunnel(7).forward();
    const socket = connect({ port: forward.port, host: forward.host, allowHalfOpen: true });
    await once(socket, 'connect');
    socket.end('still there');
    expect(await text(socket)).toBe('still there');
    expect((await again.metrics()).networkBytesReceived).toBeGreaterThan(0);
    await again.stop();
    expect(await again.network.events()).toEqual([]);
    await again.start();
    expect(await again.network.events()).toEqual([]);
  },
);

test.each(securities)(
  'a box of security %s whose network process is killed is told so, and its owner too; a new start has a new one',
  {
    timeout: 60_000,
  },
  async (security) => {
    await using site = await openSite();
    const box = await site.runtime.create({ image: baseImage, autoRemove: false, security });
    await box.exec('nc', ['-ll', '-p', '7', '-e', 'cat']);
    await box.run('sh', ['-c', 'until netstat -ltn | grep -q :7; do sleep 0.02; done']);
    const tunnel = box.network.tunnel(7);
    const connection = await tunnel.connect();
    const reader = connection.readable.getReader();
    await connection.writable.getWriter().write(new Uint8Array([1]));
    expect((await reader.read()).value).toEqual(new Uint8Array([1]));
    const [pid] = (await readFile(join(site.home, 'boxes', box.id, 'network.json'), 'utf8')).split(' ');
    process.kill(Number(pid), 'SIGKILL');
    await expect(reader.read()).rejects.toThrow(NetworkError);
    expect((await box.run('nc', ['-w', '5', '1.1.1.1', '80'])).stderr).toContain('refused');
    await expect(box.network.events()).rejects.toThrow('stop the box and start it again');
    await expect(tunnel.connect()).rejects.toThrow('stop the box and start it again');
    await box.restart();
    expect(await box.network.events()).toEqual([]);
  },
);
