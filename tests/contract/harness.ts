import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openLocal } from '@boxlite/runtime';
import { createApp, listen, openServerStore } from '@boxlite/server';
import { type Box, Boxlite, type BoxOptions, ClientCredentials } from 'boxlite';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { removeHome, rootless } from '../../packages/runtime/src/testing/home-folder.ts';
import { cannotWithoutRoot } from './without-root.ts';

/** A runtime under test, and what it takes to end it. */
interface Opened {
  readonly runtime: Boxlite;
  readonly close: () => Promise<void>;
}

const homes: string[] = [];

async function temporaryHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-contract-'));
  homes.push(home);
  return home;
}

async function openOnLocal(engine?: string): Promise<Opened> {
  const homeDir = await temporaryHome();
  const runtime = await Boxlite.local({ homeDir, ...(engine !== undefined && { engine }) });
  return {
    runtime,
    close: async () => {
      await runtime.shutdown();
      await removeHome(homeDir);
    },
  };
}

async function openOnRest(): Promise<Opened> {
  const homeDir = await temporaryHome();
  const backend = await openLocal({ homeDir });
  const credentials = { clientId: 'contract', clientSecret: 'contract-secret' };
  const store = openServerStore(join(homeDir, 'server.db'));
  const app = createApp(backend, {
    auth: { clients: [{ id: credentials.clientId, secret: credentials.clientSecret }] },
    allowHostPorts: ['0'],
    store,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  const runtime = Boxlite.rest({ url: server.url, credential: new ClientCredentials(credentials) });
  return {
    runtime,
    close: async () => {
      await runtime.shutdown();
      await server.close();
      await backend.shutdown();
      store.close();
      await removeHome(homeDir);
    },
  };
}

const backends = [
  { name: 'Boxlite.local()', open: () => openOnLocal() },
  // Boxes on runsc need root.
  ...(rootless ? [] : [{ name: "Boxlite.local() with gVisor's runsc", open: () => openOnLocal('runsc') }]),
  { name: 'Boxlite.rest()', open: openOnRest },
].filter(({ name }) => name.startsWith(process.env['BOXLITE_CONTRACT'] ?? ''));

// The terminals of the gVisor that Debian 12 has know neither an interrupt nor an end of file character.
const terminals = 'its terminals have no control characters; boxes on runc have them';
const cannotOnRunsc: Readonly<Record<string, string>> = {
  'control-C on a terminal interrupts the command': terminals,
  'the end of stdin on a terminal is control-D': terminals,
  'goes back to a snapshot with its named pipes and hard links':
    'its named pipes are never on the disk, and it sees hard links as files of their own until a restart',
};

/**
 * Defines the same tests for a local runtime, on each engine, and for a remote one with a real server on a real socket.
 * Without `gvisor` the engines are one. As an ordinary user, what cannot be is the list in without-root.ts, and no more.
 */
export function onBothBackends(define: (runtime: () => Boxlite) => void, { gvisor = true } = {}): void {
  for (const { name, open } of backends) {
    if (!gvisor && name.includes('runsc')) continue;
    describe(`on ${name}`, () => {
      beforeEach(({ task, skip }) => {
        const onRunsc = name.includes('runsc') ? cannotOnRunsc[task.name] : undefined;
        const withoutRoot = cannotWithoutRoot[task.name] ?? cannotWithoutRoot[task.suite?.name ?? ''];
        const reason = onRunsc ?? (rootless ? withoutRoot : undefined);
        if (reason === undefined) return;
        process.stdout.write(`not ${rootless ? 'without root' : 'on runsc'}: ${task.name}: ${reason}\n`);
        skip(reason);
      });
      let opened: Opened | undefined;
      beforeAll(async () => {
        opened = await open();
      });
      afterAll(async () => {
        await opened?.close();
      });
      define(() => {
        if (!opened) throw new Error('the runtime is not open');
        return opened.runtime;
      });
    });
  }
}

/** The image of every contract test: present in every home directory without a registry. */
export const baseImage = 'boxlite/base:latest';

/** Asks until there is an answer; fails after 20 s, naming what did not come. */
export async function eventually<T>(what: string, ask: () => Promise<T>): Promise<NonNullable<T>> {
  for (const end = Date.now() + 20_000; Date.now() < end; await delay(10)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`this did not come within 20 s: ${what}`);
}

/** Makes and starts a box that stays after a stop. */
export async function startedBox(runtime: Boxlite, options: BoxOptions = {}, name?: string): Promise<Box> {
  const box = await runtime.create({ image: baseImage, autoRemove: false, ...options }, name);
  await box.start();
  return box;
}
