import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Boxlite, BoxOptions, WarmOptions } from 'boxlite';
import { rootless } from '../../packages/runtime/src/testing/home-folder.ts';
import { baseImage } from './harness.ts';

/** Something that the runtime said was done, and that must stay so whatever happens to its process afterwards. */
export type Fact =
  | { readonly done: 'created'; readonly id: string; readonly detached: boolean }
  | { readonly done: 'started' | 'stopping' | 'removing' | 'removed'; readonly id: string }
  | {
      readonly done: 'execution';
      readonly id: string;
      readonly execution: string;
      readonly exitCode: number;
      readonly stdout: string;
    }
  | { readonly done: 'copied'; readonly id: string; readonly path: string; readonly text: string }
  | { readonly done: 'image'; readonly reference: string }
  | { readonly done: 'all' };

/** `input` is a folder with a `file` that says `carried` in it. */
export type Scenario = (runtime: Boxlite, input: string, tell: (fact: Fact) => void) => Promise<void>;

const life =
  (options: BoxOptions): Scenario =>
  async (runtime, input, tell) => {
    const box = await runtime.create({ image: baseImage, autoRemove: false, ...options }, 'doomed');
    const { id } = box;
    tell({ done: 'created', id, detached: options.detach ?? false });
    await box.start();
    tell({ done: 'started', id });
    const execution = await box.exec('sh', ['-c', 'echo said; exit 3']);
    const [{ exitCode }, stdout] = await Promise.all([execution.wait(), new Response(execution.stdout).text()]);
    tell({ done: 'execution', id, execution: execution.id, exitCode, stdout });
    await box.copyIn(join(input, 'file'), '/root/file');
    tell({ done: 'copied', id, path: '/root/file', text: 'carried' });
    tell({ done: 'stopping', id });
    await box.stop({ timeoutMs: 0 });
    await box.start();
    tell({ done: 'started', id });
    tell({ done: 'removing', id });
    await runtime.remove(id, { force: true });
    tell({ done: 'removed', id });
  };

/** What the runtime of a scenario keeps ready. */
export const warmBoxes: Readonly<Record<string, readonly WarmOptions[]>> = {
  'a box from the warm pool': [{ size: 2, box: { image: baseImage, detach: true } }],
};

/** What is gone through, each in a process that is killed at every step of it. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'a detached box': life({ detach: true }),
  'an attached box with a disk of its own': life(rootless ? {} : { diskSizeGb: 1 }),
  'a detached box on runsc': life({ detach: true, security: 'maximum' }),
  'an attached box on runsc': life({ security: 'maximum' }),
  async 'a box from the warm pool'(runtime, ...rest) {
    while ((await runtime.metrics()).numWarmBoxes === 0) await delay(5);
    await life({ detach: true })(runtime, ...rest);
  },
  async 'an image that is imported and removed'(runtime, input, tell) {
    await runtime.images.import(input, 'doomed:1');
    tell({ done: 'image', reference: 'doomed:1' });
    tell({ done: 'removing', id: 'doomed:1' });
    await runtime.images.remove('doomed:1');
    tell({ done: 'removed', id: 'doomed:1' });
  },
};
