import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A `.deb` file of the archive. */
export interface DebianPackage {
  readonly name: string;
  /** Name of the file, with version and architecture. */
  readonly file: string;
}

/** Packages of Debian as a host with nothing installed would get them. Nothing of this host but its list of sources is used. */
export interface Apt {
  /** What has to be there for the packages to work, themselves included; sorted by name. */
  resolve(packages: readonly string[]): Promise<readonly DebianPackage[]>;
  /** Downloads what is not there yet and gives the path of each; apt checks them by the archive's signatures. */
  download(packages: readonly string[], resolved: readonly DebianPackage[]): Promise<readonly string[]>;
}

const week = 7 * 24 * 3600 * 1000;

/** Opens the private folder of lists and downloads; lists older than a week are fetched anew. */
export async function openApt(folder: string): Promise<Apt> {
  const state = join(folder, 'state');
  const archives = join(folder, 'archives');
  await mkdir(join(state, 'lists/partial'), { recursive: true });
  const none = join(folder, 'none');
  for (const each of [archives, none]) await mkdir(join(each, 'partial'), { recursive: true });
  // As on a host where nothing is installed.
  await writeFile(join(state, 'status'), '');
  const options = {
    'Dir::State': state,
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': folder,
    'APT::Sandbox::User': 'root',
    'APT::Install-Recommends': 'false',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const apt = async (...args: string[]): Promise<string> => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
    const { stdout } = await run('apt-get', [...flags, '-qq', '-y', ...args], { env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  };
  const stamp = join(state, 'updated');
  const updated = await stat(stamp).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (Date.now() - updated > week) {
    await apt('update');
    await writeFile(stamp, '');
  }
  return {
    async resolve(packages) {
      // It prints no address of what is downloaded already.
      const lines = (await apt('-o', `Dir::Cache::archives=${none}`, 'install', '--print-uris', ...packages)).split(
        '\n',
      );
      const found = lines.flatMap((line) => {
        const [, file = ''] = /^'[^']+' (\S+\.deb) /.exec(line) ?? [];
        return file === '' ? [] : [{ name: file.slice(0, file.indexOf('_')), file }];
      });
      if (found.length === 0)
        throw new Error(`apt resolved no package for ${packages.join(' ')}; is there a list of sources?`);
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async download(packages, resolved) {
      await apt('-o', `Dir::Cache::archives=${archives}`, 'install', '--download-only', ...packages);
      return resolved.map(({ file }) => join(archives, file));
    },
  };
}
