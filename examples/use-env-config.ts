// Where the server is and who we are comes from the environment: BOXLITE_REST_URL with BOXLITE_API_KEY, or with
// BOXLITE_REST_CLIENT_ID and BOXLITE_REST_CLIENT_SECRET.
import process from 'node:process';
import { Boxlite, BoxliteRestOptions } from 'boxlite';

const local = process.argv.includes('--local');
await using runtime = local ? await Boxlite.local() : Boxlite.rest(BoxliteRestOptions.fromEnv());
const { defaults } = await runtime.config();
console.log(`a box gets ${defaults.memoryMib} MiB unless told otherwise`);
console.log(`${(await runtime.listInfo()).length} boxes`);
