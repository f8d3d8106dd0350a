import { Boxlite, ClientCredentials } from 'boxlite';

// Streams a command's output and says, a line a piece, what it has: the test kills it half way.
const [url = '', id = ''] = process.argv.slice(2);
const runtime = Boxlite.rest({
  url,
  credential: new ClientCredentials({ clientId: 'bench', clientSecret: 'bench-secret' }),
});
const box = await runtime.get(id);
if (!box) throw new Error(`box not found: ${id}`);
const execution = await box.exec('sh', [
  '-c',
  // It runs until somebody has seen that it does.
  'i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo line $i; sleep 0.01; done; until [ -e /tmp/seen ]; do sleep 0.05; done',
]);
const cursor = { stdout: 0, stderr: 0 };
for await (const { stream, data, offset } of execution.output()) {
  cursor[stream] = offset + data.length;
  console.log(JSON.stringify({ execution: execution.id, cursor, piece: new TextDecoder().decode(data) }));
}
