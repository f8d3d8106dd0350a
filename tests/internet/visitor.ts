// Makes a local runtime in the namespace that it is started in, and says what a box saw of the internet there:
// node tests/internet/visitor.ts HOME ENGINE OPTIONS COMMAND...; one line of JSON.
import process from 'node:process';
import { type Box, Boxlite } from 'boxlite';

const [homeDir = '', engine = '', options = '{}', ...commands] = process.argv.slice(2);

/** Standard output of each command, or `failed`, and what was refused meanwhile. */
async function visit(box: Box): Promise<unknown> {
  const seen: string[] = [];
  for (const command of commands) {
    const { exitCode, signal, stdout } = await box.run('sh', ['-c', command]);
    seen.push(signal === undefined && exitCode === 0 ? stdout.trim() : `failed with ${signal ?? exitCode}`);
  }
  const refused = await box.network.events();
  return {
    seen,
    refused: refused.map(({ protocol, address, name, reason, remedy }) => ({
      protocol,
      address,
      name,
      reason,
      remedy,
    })),
  };
}

await using runtime = await Boxlite.local({ homeDir, engine });
const box = await runtime.create({ image: 'boxlite/base:latest', network: JSON.parse(options) });
process.stdout.write(`${JSON.stringify(await visit(box))}\n`);
