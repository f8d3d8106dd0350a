import { execFileSync } from 'node:child_process';
import { Boxlite, ClientCredentials } from 'boxlite';
import { once } from './measure.ts';
import { resetPeak, residentMib, transferFile } from './transfer-memory.ts';

const [url = '', id = '', dir = ''] = process.argv.slice(2);
const file = transferFile(dir);
execFileSync('dd', ['if=/dev/urandom', `of=${file}`, 'bs=1M', 'count=256', 'status=none']);
const runtime = Boxlite.rest({
  url,
  credential: new ClientCredentials({ clientId: 'bench', clientSecret: 'bench-secret' }),
});
const box = await runtime.get(id);
if (!box) throw new Error(`box not found: ${id}`);
await box.run('true');
const idle = residentMib(process.pid).now;
resetPeak(process.pid);
const upMs = await once(() => box.copyIn(file, '/root/transfer.bin'));
const downMs = await once(() => box.copyOut('/root/transfer.bin', `${file}.out`));
const peakMib = residentMib(process.pid).peak - idle;
execFileSync('cmp', [file, `${file}.out`]);
console.log(JSON.stringify({ upMs, downMs, peakMib }));
