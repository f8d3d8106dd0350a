# Run by upstream-client.test.ts: what the published Python client does, a line of JSON a step.
# `python3 client.py URL KEY FOLDER`, with the package on PYTHONPATH.
import asyncio
import json
import os
import sys

from boxlite import ApiKeyCredential, Boxlite, BoxliteRestOptions, BoxOptions, CopyOptions, NetworkSpec, OutboundNetworkSpec

url, key, folder = sys.argv[1:4]
runtime = Boxlite.rest(BoxliteRestOptions(url, ApiKeyCredential(key)))
image = 'boxlite/base:latest'


async def step(name, work):
    try:
        line = {'step': name, 'result': await work()}
    except Exception as error:
        line = {'step': name, 'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(line), flush=True)


async def text(stream):
    return ''.join([piece async for piece in stream])


async def collected(execution, stdin=None):
    if stdin is not None:
        pipe = execution.stdin()
        await pipe.send_input(stdin)
        await pipe.close()
    stdout, stderr = await asyncio.gather(text(execution.stdout()), text(execution.stderr()))
    return {'stdout': stdout, 'stderr': stderr, 'exitCode': (await execution.wait()).exit_code}


async def main():
    box = await runtime.create(BoxOptions(image=image), 'python')

    async def created():
        again, new = await runtime.get_or_create(BoxOptions(image=image), 'python')
        info = await runtime.get_info('python')
        network = info.network
        return {
            'same': again.id == box.id == info.id,
            'created': new,
            'status': info.state.status,
            'outbound': network.outbound.mode,
            'inbound': network.inbound.mode,
            'none': await runtime.get('nobody'),
        }

    async def run():
        return await collected(await box.exec('sh', ['-c', 'echo out; echo err >&2; exit 42']))

    async def stdin():
        return await collected(await box.exec('wc', ['-c']), b'x' * 1_000_000)

    async def kill():
        execution = await box.exec('sleep', ['100'])
        await execution.kill()
        return (await execution.wait()).exit_code

    async def copy():
        source, target = os.path.join(folder, 'a.txt'), os.path.join(folder, 'b.txt')
        with open(source, 'w') as file:
            file.write('alpha')
        await box.copy_in(source, '/root/new.txt', CopyOptions())
        await box.copy_out('/root/new.txt', target, CopyOptions())
        with open(target) as file:
            return file.read()

    async def attach():
        main = ['sh', '-c', 'echo main; read word; echo "got $word"; exit 7']
        other = await runtime.create(BoxOptions(image=image, cmd=main), 'python-main')
        execution = await other.attach()
        await other.start()
        return await collected(execution, b'word\n')

    async def terminal():
        main = ['sh', '-c', 'tty; exit 3']
        other = await runtime.create(BoxOptions(image=image, cmd=main, tty=True), 'python-tty')
        execution = await other.attach()
        await other.start()
        return await collected(execution)

    async def default_command():
        other = await runtime.create(BoxOptions(image=image), 'python-default')
        execution = await other.attach()
        await other.start()
        return await collected(execution, b'echo from the shell; exit 4\n')

    async def closed():
        network = NetworkSpec(outbound=OutboundNetworkSpec(mode='enabled', allow_net=['example.com']))
        await runtime.create(BoxOptions(image=image, network=network), 'python-network')
        network = (await runtime.get_info('python-network')).network
        return network.outbound.allow_net

    async def images():
        return [image.reference for image in await runtime.images.list()]

    async def metrics():
        return (await box.metrics()).commands_executed_total

    async def removed():
        for info in await runtime.list_info():
            await runtime.remove(info.id, True)
        return len(await runtime.list_info())

    async def gone():
        await box.start()

    steps = [created, run, stdin, kill, copy, attach, terminal, default_command, closed, images, metrics, removed, gone]
    for work in steps:
        await step(work.__name__, work)


asyncio.run(main())
# The client keeps threads, which now and then abort an interpreter that ends.
os._exit(0)
