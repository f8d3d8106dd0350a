import { mkdir } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { BoxNetwork, BoxNetworkOptions } from './box-network.ts';
import { type Internet, openInternet } from './internet.fixture.ts';
import { openBoxNetwork } from './open-box-network.ts';

/** An internet for the tests of a file, and networks of boxes in it. */
export interface BoxNetworks {
  readonly internet: Internet;
  /** The folder of the newest network. */
  readonly folder: string;
  /** A network of its own, closed after the test; with no rules unless there are some in `options`. */
  open(options?: Partial<BoxNetworkOptions>): Promise<BoxNetwork>;
}

/** Opens the internet before the tests of a file and closes it after them. */
export function boxNetworks(): BoxNetworks {
  let internet: Internet | undefined;
  let made = 0;
  const opened: BoxNetwork[] = [];
  beforeAll(async () => {
    internet = await openInternet();
  });
  afterEach(async () => {
    for (const network of opened.splice(0)) await network.close();
  });
  afterAll(() => internet?.close());
  return {
    get internet() {
      if (!internet) throw new Error('the internet opens before the first test');
      return internet;
    },
    get folder() {
      return `${this.internet.folder}/box${made}`;
    },
    async open(options = {}) {
      const id = `box${++made}`;
      const { folder } = this;
      const { host, guestBinary, resolvConf } = this.internet;
      await mkdir(folder);
      const all = { id, folder, attached: true, allow: undefined, ports: [], resolvConf, ...options };
      const network = await openBoxNetwork(host, guestBinary, all);
      opened.push(network);
      return network;
    },
  };
}
