import { createHash } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}
interface Layout {
  readonly manifests: readonly Descriptor[];
}
interface Manifest {
  readonly config: Descriptor;
}
interface Configuration {
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Makes an OCI layout of the base image in a folder that is not there yet, its `config` with these members over its own. */
export async function imageWithConfig(folder: string, config: Readonly<Record<string, unknown>>): Promise<void> {
  await cp(join(import.meta.dirname, '../.setup/base-image'), folder, { recursive: true });
  const read = async (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const blob = (digest: string): string => join('blobs', digest.replace(':', '/'));
  const put = async (value: unknown): Promise<Descriptor> => {
    const text = JSON.stringify(value);
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    await writeFile(join(folder, blob(digest)), text);
    return { digest, size: Buffer.byteLength(text) };
  };
  const index: Layout = JSON.parse(await read('index.json'));
  const [first] = index.manifests;
  if (!first) throw new Error('the base image has no manifest');
  const manifest: Manifest = JSON.parse(await read(blob(first.digest)));
  const image: Configuration = JSON.parse(await read(blob(manifest.config.digest)));
  const described = await put({ ...image, config: { ...image.config, ...config } });
  const changed = await put({ ...manifest, config: { ...manifest.config, ...described } });
  await writeFile(join(folder, 'index.json'), JSON.stringify({ ...index, manifests: [{ ...first, ...changed }] }));
}
