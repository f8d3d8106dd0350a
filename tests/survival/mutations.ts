import * as api from '@boxlite/api';
import { type Endpoint, ignore } from '@boxlite/rest';
import type { Box, Execution } from 'boxlite';
import { onTestFinished } from 'vitest';
import { tarArchive, tarEntry } from '../../packages/runtime/src/tar/writer.ts';
import { baseImage, until } from './harness.ts';
import type { MutationSite } from './mutation-site.ts';

/** A request to repeat, and what tells how often it was done. */
export interface Scenario {
  readonly endpoint: Endpoint;
  /** What is there of its effect, before and after. */
  readonly effect: () => unknown;
  readonly before: unknown;
  readonly after: unknown;
}

/** Each operation that may change something, made ready to be repeated. */
export function mutations(site: () => MutationSite): Readonly<Record<string, () => Promise<Scenario>>> {
  const boxes = async (): Promise<number> => (await site().runtime.listInfo()).length;
  const make = (): Promise<Box> => site().runtime.create({ image: baseImage, autoRemove: false });
  async function started(): Promise<Box> {
    const box = await make();
    await box.start();
    return box;
  }
  const named = async (reference: string): Promise<number> =>
    (await site().runtime.images.list()).filter((one) => one.reference === reference).length;
  const content = async (box: Box, path: string): Promise<string> => (await box.run('cat', [path])).stdout;
  const createRequest = { image: baseImage, auto_remove: false };

  /** How often something became of a box while `work` was at it. */
  function changes(box: Box, type: string): () => Promise<number> {
    const seen: string[] = [];
    const reading = new AbortController();
    const opened = Promise.withResolvers<void>();
    onTestFinished(() => reading.abort());
    void (async () => {
      for await (const event of site().runtime.events({ box: box.id, signal: reading.signal })) {
        if (event.type === 'open') opened.resolve();
        else seen.push(event.type);
      }
    })().catch(() => undefined);
    return async () => {
      await opened.promise;
      return seen.filter((each) => each === type).length;
    };
  }

  /** A command that writes a line for each signal that it gets. */
  async function counting(box: Box, signal: string, options: { readonly tty?: boolean } = {}): Promise<Execution> {
    const script = `trap 'echo got >> /root/got' ${signal}; echo ready; while :; do sleep 0.02; done`;
    const execution = await box.exec('sh', ['-c', script], options);
    for await (const _ of execution.output()) break;
    return execution;
  }

  return {
    async getToken() {
      const body = { grant_type: 'client_credentials', client_id: 'agent', client_secret: 'a-secret' } as const;
      return { endpoint: api.getToken({ body }), effect: boxes, before: await boxes(), after: await boxes() };
    },
    async createApiKey() {
      const count = site().keys();
      const endpoint = api.createApiKey({ body: { name: 'mine', permissions: ['box:read'] } });
      // Its answer holds a secret and is kept nowhere: a key that nobody heard of makes room for the next.
      return { endpoint, effect: site().keys, before: count, after: count + 1 };
    },
    async revokeApiKey() {
      await ignore(api.createApiKey({ body: { name: 'other' } })).send(site().client);
      const count = site().keys();
      return { endpoint: api.revokeApiKey({ name: 'other' }), effect: site().keys, before: count, after: count - 1 };
    },
    async createBox() {
      const count = await boxes();
      return { endpoint: api.createBox({ body: createRequest }), effect: boxes, before: count, after: count + 1 };
    },
    async getOrCreateBox() {
      const count = await boxes();
      const endpoint = api.getOrCreateBox({ box: 'named', body: createRequest });
      return { endpoint, effect: boxes, before: count, after: count + 1 };
    },
    async removeBox() {
      const box = await make();
      const count = await boxes();
      return { endpoint: api.removeBox({ box: box.id }), effect: boxes, before: count, after: count - 1 };
    },
    async startBox() {
      const box = await make();
      return { endpoint: api.startBox({ box: box.id }), effect: changes(box, 'started'), before: 0, after: 1 };
    },
    async stopBox() {
      const box = await started();
      return { endpoint: api.stopBox({ box: box.id }), effect: changes(box, 'stopped'), before: 0, after: 1 };
    },
    async restartBox() {
      const box = await started();
      return { endpoint: api.restartBox({ box: box.id }), effect: changes(box, 'started'), before: 0, after: 1 };
    },
    async pauseBox() {
      const box = await started();
      return { endpoint: api.pauseBox({ box: box.id }), effect: changes(box, 'paused'), before: 0, after: 1 };
    },
    async resumeBox() {
      const box = await started();
      await box.pause();
      return { endpoint: api.resumeBox({ box: box.id }), effect: changes(box, 'resumed'), before: 0, after: 1 };
    },
    async startExecution() {
      const box = await started();
      await box.files.write('/root/log', '');
      const body = { command: 'sh', args: ['-c', 'echo ran >> /root/log'] };
      const effect = (): Promise<string> => content(box, '/root/log');
      return { endpoint: api.startExecution({ box: box.id, body }), effect, before: '', after: 'ran\n' };
    },
    async removeExecution() {
      const box = await started();
      const { id } = await box.exec('true');
      const effect = async (): Promise<number> => (await box.executions()).filter((one) => one.id === id).length;
      return { endpoint: api.removeExecution({ box: box.id, execution: id }), effect, before: 1, after: 0 };
    },
    async sendExecutionInput() {
      const box = await started();
      const { id } = await box.exec('sh', ['-c', 'cat > /root/input']);
      const data = new TextEncoder().encode('typed\n');
      const endpoint = api.sendExecutionInput({ box: box.id, execution: id, data, close: false });
      await until('the file', async () => (await box.run('ls', ['/root'])).stdout.includes('input'));
      return { endpoint, effect: () => content(box, '/root/input'), before: '', after: 'typed\n' };
    },
    async signalExecution() {
      const box = await started();
      await box.files.write('/root/got', '');
      const { id } = await counting(box, 'USR1');
      const endpoint = api.signalExecution({ box: box.id, execution: id, body: { signal: 10 } });
      return { endpoint, effect: () => content(box, '/root/got'), before: '', after: 'got\n' };
    },
    async resizeExecution() {
      const box = await started();
      await box.files.write('/root/got', '');
      const { id } = await counting(box, 'WINCH', { tty: true });
      const endpoint = api.resizeExecution({ box: box.id, execution: id, body: { cols: 100, rows: 50 } });
      return { endpoint, effect: () => content(box, '/root/got'), before: '', after: 'got\n' };
    },
    async uploadFiles() {
      const [from, box] = [await started(), await started()];
      await from.files.write('/root/up', 'loaded');
      const tar = await new Response(await from.download({ path: '/root/up' })).bytes();
      const endpoint = api.uploadFiles({ box: box.id, path: '/root', tar });
      const effect = async (): Promise<string> => (await box.run('sh', ['-c', 'cat /root/up; true'])).stdout;
      return { endpoint, effect, before: '', after: 'loaded' };
    },
    async writeFile() {
      const box = await started();
      await box.run('sh', ['-c', 'mkdir /root/d && touch /root/d/first']);
      const content = new TextEncoder().encode('written');
      const endpoint = api.writeFile({ box: box.id, path: '/root/d/file', content });
      const effect = async (): Promise<string> =>
        (await box.run('sh', ['-c', 'ls -A /root/d; cat /root/d/file'])).stdout;
      return { endpoint, effect, before: 'first\n', after: 'file\nfirst\nwritten' };
    },
    async removeFile() {
      const box = await started();
      await box.files.write('/root/old', '');
      const effect = async (): Promise<string> => (await box.run('ls', ['/root'])).stdout;
      return { endpoint: api.removeFile({ box: box.id, path: '/root/old' }), effect, before: 'old\n', after: '' };
    },
    async makeDirectory() {
      const box = await started();
      const effect = async (): Promise<string> => (await box.run('ls', ['/root'])).stdout;
      return { endpoint: api.makeDirectory({ box: box.id, path: '/root/new' }), effect, before: '', after: 'new\n' };
    },
    async openTunnel() {
      const box = await started();
      return {
        endpoint: api.openTunnel({ box: box.id, port: 80 }),
        effect: boxes,
        before: await boxes(),
        after: await boxes(),
      };
    },
    async pullImage() {
      const reference = `${site().registry.host}/team/app:v1`;
      return { endpoint: api.pullImage({ body: { reference } }), effect: () => named(reference), before: 0, after: 1 };
    },
    async pruneImages() {
      const reference = `${site().registry.host}/team/app:v1`;
      await site().runtime.images.pull(reference);
      return {
        endpoint: api.pruneImages({ body: { keep: [baseImage] } }),
        effect: () => named(reference),
        before: 1,
        after: 0,
      };
    },
    async importImage() {
      const archive = new Uint8Array(tarArchive([tarEntry({ path: 'etc/motd' }, Buffer.from('imported'))]));
      const endpoint = api.importImage({ reference: 'example/imported:1', archive });
      return { endpoint, effect: () => named('docker.io/example/imported:1'), before: 0, after: 1 };
    },
    async removeImage() {
      const reference = `${site().registry.host}/team/app:v1`;
      await site().runtime.images.pull(reference);
      return { endpoint: api.removeImage({ image: reference }), effect: () => named(reference), before: 1, after: 0 };
    },
    async createSnapshot() {
      const box = await make();
      const effect = async (): Promise<number> => (await box.snapshots.list()).length;
      return { endpoint: api.createSnapshot({ box: box.id, body: { name: 's' } }), effect, before: 0, after: 1 };
    },
    async removeSnapshot() {
      const box = await make();
      await box.snapshots.create('s');
      const effect = async (): Promise<number> => (await box.snapshots.list()).length;
      return { endpoint: api.removeSnapshot({ box: box.id, snapshot: 's' }), effect, before: 1, after: 0 };
    },
    async restoreSnapshot() {
      const box = await started();
      await box.snapshots.create('s');
      await box.files.write('/root/later', 'later');
      await box.stop();
      const effect = async (): Promise<string> => {
        const { stdout } = await box.run('ls', ['/root']);
        await box.stop();
        return stdout;
      };
      return { endpoint: api.restoreSnapshot({ box: box.id, snapshot: 's' }), effect, before: 'later\n', after: '' };
    },
    async cloneBox() {
      const box = await make();
      const count = await boxes();
      return { endpoint: api.cloneBox({ box: box.id, body: {} }), effect: boxes, before: count, after: count + 1 };
    },
    async exportBox() {
      const box = await make();
      const count = await boxes();
      return { endpoint: api.exportBox({ box: box.id }), effect: boxes, before: count, after: count };
    },
    async importBox() {
      const box = await make();
      const archive = await new Response(await box.export()).bytes();
      const count = await boxes();
      return { endpoint: api.importBox({ archive }), effect: boxes, before: count, after: count + 1 };
    },
    async createVolume() {
      const effect = async (): Promise<number> => (await site().runtime.volumes.list()).length;
      const count = await effect();
      return { endpoint: api.createVolume({ body: {} }), effect, before: count, after: count + 1 };
    },
    async removeVolume() {
      const { id } = await site().runtime.volumes.create();
      const effect = async (): Promise<number> => (await site().runtime.volumes.list()).length;
      const count = await effect();
      return { endpoint: api.removeVolume({ volume: id }), effect, before: count, after: count - 1 };
    },
  };
}
