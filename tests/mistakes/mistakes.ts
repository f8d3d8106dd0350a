/** What a user of BoxLite gets wrong, how that shows, and what to do. The page docs/guides/common-mistakes.md is made of it. */
export interface Mistake {
  readonly title: string;
  /** As one would write it: TypeScript, or a line of a shell that begins with `boxlite`. */
  readonly wrong: string;
  /** What is right, in the same language. */
  readonly right: string;
  readonly outcome: Refused | Thrown | Printed;
}

/** It does not compile: the code of TypeScript's error, and a piece of what it says. */
interface Refused {
  readonly compiler: `TS${number}`;
  readonly says: string;
}

/** It throws, and the message is the next step; `<id>` stands for an id. */
interface Thrown {
  /** The `code` of a `BoxliteError`, or the name of another class. */
  readonly code: string;
  readonly message: string;
  /** Where it can happen. @default on both backends */
  readonly on?: 'local' | 'rest';
}

/** The command line says it, and ends with this code. */
interface Printed {
  readonly exitCode: number;
  readonly message: string;
}

const refused = (compiler: Refused['compiler'], says: string): Refused => ({ compiler, says });
const thrown = (code: string, message: string, on?: Thrown['on']): Thrown => ({ code, message, ...(on && { on }) });

/** The mistakes, by what one was about to do. */
export const mistakes: Readonly<Record<string, readonly Mistake[]>> = {
  'Making and keeping boxes': [
    {
      title: 'A box is let go of as if that took no time',
      wrong: "using mine = await runtime.create({ image: 'boxlite/base:latest' });",
      right: "await using mine = await runtime.create({ image: 'boxlite/base:latest' });",
      outcome: refused('TS2741', "Property '[Symbol.dispose]' is missing in type 'Box'"),
    },
    {
      title: 'A promise is taken for a box',
      wrong: "const mine = runtime.create({ image: 'boxlite/base:latest' }); await mine.start();",
      right: "const mine = await runtime.create({ image: 'boxlite/base:latest' }); await mine.start();",
      outcome: refused('TS2339', "Property 'start' does not exist on type 'Promise<Box>'"),
    },
    {
      title: 'A box that may not be there is used',
      wrong: "const mine = await runtime.get('demo'); await mine.start();",
      right: "const mine = await runtime.get('demo'); await mine?.start();",
      outcome: refused('TS18047', "'mine' is possibly 'null'"),
    },
    {
      title: 'The answer is not waited for',
      wrong: "if (runtime.exists('demo')) console.log('there');",
      right: "if (await runtime.exists('demo')) console.log('there');",
      outcome: refused('TS2801', "this 'Promise<boolean>' is always defined"),
    },
    {
      title: 'An option has another name',
      wrong: 'await runtime.create({ memory: 512 });',
      right: 'await runtime.create({ memoryMib: 512 });',
      outcome: refused('TS2353', "'memory' does not exist in type 'BoxOptions'"),
    },
    {
      title: 'A size with its unit in it',
      wrong: "await runtime.create({ memoryMib: '512m' });",
      right: 'await runtime.create({ memoryMib: 512 });',
      outcome: refused('TS2322', "Type 'string' is not assignable to type 'number'"),
    },
    {
      title: 'Gigabytes where MiB are meant',
      wrong: 'await runtime.create({ memoryMib: 2 });',
      right: "await runtime.create({ image: 'boxlite/base:latest', memoryMib: 2048 });",
      outcome: thrown('invalid_argument', 'memoryMib must be a whole number, at least 128, not 2'),
    },
    {
      title: 'An image name that is none',
      wrong: "await runtime.create({ image: 'Alpine Linux' });",
      right: "await runtime.create({ image: 'boxlite/base:latest' });",
      outcome: thrown(
        'invalid_argument',
        'image "Alpine Linux" is not a valid reference: the name has upper-case letters; write [registry/]name[:tag][@sha256:digest]',
      ),
    },
    {
      title: 'A name that no box can have',
      wrong: "await runtime.create({}, 'my box');",
      right: "await runtime.create({ image: 'boxlite/base:latest' }, 'my-box');",
      outcome: thrown(
        'invalid_argument',
        'name must be 1 to 128 letters, digits, ".", "_" or "-", beginning with a letter or digit, not "my box"',
      ),
    },
    {
      title: 'A name that is taken',
      wrong:
        "for (let i = 0; i < 2; i++) await runtime.create({ image: 'boxlite/base:latest', autoRemove: false }, 'demo');",
      right:
        "for (let i = 0; i < 2; i++) await runtime.getOrCreate({ image: 'boxlite/base:latest', autoRemove: false }, 'demo');",
      outcome: thrown('already_exists', 'a box named demo exists already; choose another name or remove it'),
    },
    {
      title: 'Two things to make a box of',
      wrong: "await runtime.create({ image: 'boxlite/base:latest', rootfsPath: '/srv/root' });",
      right: "await runtime.create({ image: 'boxlite/base:latest' });",
      outcome: thrown('invalid_argument', 'image and rootfsPath exclude each other: give one of them'),
    },
    {
      title: 'A number in the environment',
      wrong: 'await runtime.create({ env: { PORT: 8080 } });',
      right: "await runtime.create({ env: { PORT: '8080' } });",
      outcome: refused('TS2322', "Type 'number' is not assignable to type 'string'"),
    },
    {
      title: 'A value within the name of a variable',
      wrong: "await runtime.create({ env: { 'PORT=8080': '' } });",
      right: "await runtime.create({ image: 'boxlite/base:latest', env: { PORT: '8080' } });",
      outcome: thrown('invalid_argument', 'each name in env must be text without "=" and NUL, not "PORT=8080"'),
    },
    {
      title: 'A volume at a path that is not absolute',
      wrong: "await runtime.create({ volumes: [{ volume: 'data', guestPath: 'data' }] });",
      right:
        "await runtime.volumes.create('data'); await runtime.create({ image: 'boxlite/base:latest', volumes: [{ volume: 'data', guestPath: '/data' }] });",
      outcome: thrown('invalid_argument', 'volumes[0].guestPath must be an absolute path, not "data"'),
    },
    {
      title: 'Ports of a box without a network',
      wrong: "await runtime.create({ network: 'none', ports: [{ guestPort: 80 }] });",
      right: "await runtime.create({ image: 'boxlite/base:latest', ports: [{ guestPort: 80 }] });",
      outcome: thrown(
        'invalid_argument',
        'ports need a network that takes connections: leave ports out, or open the network',
      ),
    },
    {
      title: 'A port of the host that is taken',
      wrong:
        "const web = await runtime.create({ image: 'boxlite/base:latest', ports: [{ guestPort: 80, hostPort: takenPort }] }); await web.start();",
      right:
        "const web = await runtime.create({ image: 'boxlite/base:latest', ports: [{ guestPort: 80 }] }); await web.start();",
      outcome: thrown(
        'already_exists',
        'ports: publish tcp:127.0.0.1:<port>:80: Address in use; choose another host port, or 0 for a free one',
      ),
    },
    {
      title: 'A box that was removed is used',
      wrong: "await runtime.remove(box.id, { force: true }); await box.run('true');",
      right: "await box.run('true'); await runtime.remove(box.id, { force: true });",
      outcome: thrown(
        'not_found',
        'box not found: <id>; it was removed or never made: list the boxes to see those there are',
      ),
    },
    {
      title: 'A box is removed while it runs',
      wrong: 'await runtime.remove(box.id);',
      right: 'await runtime.remove(box.id, { force: true });',
      outcome: thrown('invalid_state', 'box <id> is running; stop it first or remove it with force'),
    },
    {
      title: 'A stopped box is paused',
      wrong: 'await box.stop(); await box.pause();',
      right: 'await box.pause();',
      outcome: thrown('invalid_state', 'box <id> is stopped, and only a running box can be paused; start it'),
    },
  ],
  'Running commands': [
    {
      title: 'A line of a shell as a command',
      wrong: "await box.run('ls -la');",
      right: "await box.run('ls', ['-la']);",
      outcome: thrown(
        'execution_failed',
        "program not found: ls -la (PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin); no shell reads a command: give its arguments apart, as in ('ls', ['-la']), or a shell, as in ('sh', ['-c', 'ls -la'])",
      ),
    },
    {
      title: 'Arguments as one text',
      wrong: "await box.run('ls', '-la');",
      right: "await box.run('ls', ['-la']);",
      outcome: refused(
        'TS2345',
        "Argument of type 'string' is not assignable to parameter of type 'readonly string[]'",
      ),
    },
    {
      title: 'Seconds where milliseconds are meant',
      wrong: "await box.run('sleep', ['1'], { timeoutMs: 30 });",
      right: "await box.run('sleep', ['1'], { timeoutMs: 30_000 });",
      outcome: thrown(
        'invalid_argument',
        'timeoutMs must be a number of milliseconds, at least 100 (1 s is 1000), not 30',
      ),
    },
    {
      title: 'A timeout without a unit',
      wrong: "await box.run('sleep', ['1'], { timeout: 30 });",
      right: "await box.run('sleep', ['1'], { timeoutMs: 30_000 });",
      outcome: refused('TS2561', "Did you mean to write 'timeoutMs'?"),
    },
    {
      title: 'The exit code of a command that may still run',
      wrong: "const { exitCode } = await box.exec('true');",
      right: "const { exitCode } = await (await box.exec('true')).wait();",
      outcome: refused('TS2339', "Property 'exitCode' does not exist on type 'Execution'"),
    },
    {
      title: 'The execution is read instead of its output',
      wrong: "for await (const { data } of await box.exec('true')) process.stdout.write(data);",
      right: "for await (const { data } of (await box.exec('true')).output()) process.stdout.write(data);",
      outcome: refused('TS2504', "Type 'Execution' must have a '[Symbol.asyncIterator]()' method"),
    },
    {
      title: 'Bytes are taken for text',
      wrong: "for await (const line of (await box.exec('true')).stdout) console.log(line.trim());",
      right: "for await (const line of lines((await box.exec('true')).stdout)) console.log(line.trim());",
      outcome: refused('TS2339', "Property 'trim' does not exist on type 'Uint8Array"),
    },
    {
      title: 'A stream is read twice',
      wrong: "const echo = await box.exec('echo', ['hi']); await text(echo.stdout); await text(echo.stdout);",
      right:
        "const echo = await box.exec('echo', ['hi']); const said = await text(echo.stdout); console.log(said, said);",
      outcome: thrown('invalid_state', 'stdout of execution <id> is read already; output() reads it again'),
    },
    {
      title: 'A signal by half its name',
      wrong: "await (await box.exec('sleep', ['9'])).signal('TERM');",
      right: "await (await box.exec('sleep', ['9'])).signal('SIGTERM');",
      outcome: refused('TS2345', 'Argument of type \'"TERM"\' is not assignable'),
    },
    {
      title: 'The size of a terminal that is not there',
      wrong: "await (await box.exec('sleep', ['9'])).resize({ cols: 80, rows: 24 });",
      right: "await (await box.exec('sleep', ['9'], { tty: true })).resize({ cols: 80, rows: 24 });",
      outcome: thrown('invalid_state', 'execution <id> has no terminal; start it with tty'),
    },
  ],
  'Files and snapshots': [
    {
      title: 'The bytes of an archive where its path is meant',
      wrong: "await box.copyIn(new Uint8Array(1024), '/root');",
      right: "await box.copyIn(new Blob([new Uint8Array(1024)]).stream(), '/root');",
      outcome: refused('TS2345', "is not assignable to parameter of type 'string | ReadableStream<Uint8Array"),
    },
    {
      title: 'A path that climbs',
      wrong: "await box.files.read('../etc/hostname');",
      right: "await box.files.read('/etc/hostname');",
      outcome: thrown('invalid_argument', 'path must be a path without "..", not "../etc/hostname"'),
    },
    {
      title: 'A snapshot is restored under a running box',
      wrong: "await box.snapshots.create('clean'); await box.snapshots.restore('clean');",
      right: "await box.snapshots.create('clean'); await box.stop(); await box.snapshots.restore('clean');",
      outcome: thrown('invalid_state', 'box <id> is running; stop it first'),
    },
  ],
  'Servers and credentials': [
    {
      title: 'A server without http:// or https://',
      wrong: "Boxlite.rest({ url: 'localhost:8100' });",
      right: "Boxlite.rest({ url: 'http://localhost:8100' });",
      outcome: thrown(
        'invalid_argument',
        'url must be an http or https URL such as https://boxes.example.com or http://localhost:8100, not "localhost:8100"',
      ),
    },
    {
      title: 'A key sent unencrypted over the network',
      wrong: "Boxlite.rest({ url: 'http://boxes.example.com', credential: new ApiKeyCredential('key') });",
      right: "Boxlite.rest({ url: 'https://boxes.example.com', credential: new ApiKeyCredential('key') });",
      outcome: thrown(
        'invalid_argument',
        'the credential would go to boxes.example.com unencrypted: use https, or say plainHttp: true (BOXLITE_REST_PLAIN_HTTP=1)',
      ),
    },
    {
      title: 'A key where a credential is meant',
      wrong: "Boxlite.rest({ url: 'https://boxes.example.com', apiKey: 'key' });",
      right: "Boxlite.rest({ url: 'https://boxes.example.com', credential: new ApiKeyCredential('key') });",
      outcome: refused('TS2353', "'apiKey' does not exist in type 'BoxliteRestOptions'"),
    },
    {
      title: 'No credential at all',
      wrong: 'await Boxlite.rest({ url }).listInfo();',
      right: 'await Boxlite.rest({ url, credential: new ApiKeyCredential(key) }).listInfo();',
      outcome: thrown(
        'unauthenticated',
        'a bearer token or an API key is needed in Authorization; give a credential: new ApiKeyCredential(key), or BOXLITE_API_KEY to the CLI',
        'rest',
      ),
    },
    {
      title: 'A version of the API that is none',
      wrong: "await Boxlite.rest({ url, prefix: 'api', credential: new ApiKeyCredential(key) }).listInfo();",
      right: 'await Boxlite.rest({ url, credential: new ApiKeyCredential(key) }).listInfo();',
      outcome: thrown('not_found', 'no such path; the API begins with /v1/', 'rest'),
    },
    {
      title: 'Keys of a runtime that has no users',
      wrong: "await runtime.apiKeys.create('ci');",
      right: 'await runtime.config();',
      outcome: thrown(
        'unsupported',
        'a local runtime has no credentials: they are for servers; see Boxlite.rest',
        'local',
      ),
    },
  ],
  'Binding an API with @boxlite/rest': [
    {
      title: 'A list that has no pages',
      wrong: "paged({ method: 'GET', path: '/users' });",
      right: "paged({ method: 'GET', path: '/users', pagination: { mode: 'page' } });",
      outcome: refused('TS2741', "Property 'pagination' is missing"),
    },
    {
      title: 'What is finished is finished again',
      wrong: "ignore(raw({ method: 'GET', path: '/users' }));",
      right: "ignore({ method: 'GET', path: '/users' });",
      outcome: refused(
        'TS2345',
        "Argument of type 'Query<Response>' is not assignable to parameter of type 'Endpoint'",
      ),
    },
    {
      title: 'A type where a schema is meant',
      wrong: "query<{ id: number }>({ method: 'GET', path: '/me' });",
      right: "query({ method: 'GET', path: '/me' }, z.object({ id: z.number() }));",
      outcome: refused('TS2554', 'Expected 2 arguments, but got 1'),
    },
    {
      title: 'A body of a request that only reads',
      wrong: "ignore({ method: 'GET', path: '/users', body: json({}) });",
      right: "ignore({ method: 'POST', path: '/users', body: json({}) });",
      outcome: refused('TS2345', "is not assignable to parameter of type 'Endpoint'"),
    },
    {
      title: 'A name that would leave its path',
      wrong: `path\`/users/\${'..'}\`;`,
      right: `path\`/users/\${'ada'}\`;`,
      outcome: thrown('TypeError', 'use a name, not ".."'),
    },
  ],
  'The command line': [
    {
      title: 'A flag that is none',
      wrong: 'boxlite run --memoy 512 boxlite/base:latest true',
      right: 'boxlite run --rm --memory 512 boxlite/base:latest true',
      outcome: { exitCode: 2, message: "unknown option '--memoy'\n(Did you mean --memory?)" },
    },
    {
      title: 'A server for everybody that nobody may use',
      wrong: 'boxlite serve --host 0.0.0.0 --port 0',
      right: 'boxlite keys create ci',
      outcome: {
        exitCode: 2,
        message: 'to listen on 0.0.0.0, give --api-key or --oauth-client, or make a key with boxlite keys create',
      },
    },
    {
      title: 'A box that is not there',
      wrong: 'boxlite exec demo true',
      right: 'boxlite list -a',
      outcome: { exitCode: 1, message: 'box not found: demo; boxlite list -a shows the boxes there are' },
    },
    {
      title: 'A credential of a client without its secret',
      wrong: 'boxlite serve --port 0 --oauth-client agent',
      right: 'boxlite serve --help',
      outcome: { exitCode: 2, message: '--oauth-client must be ID:SECRET, neither of them empty' },
    },
  ],
};
