import { ComputerBox, ExecutionError, InvalidArgumentError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { desktopImage } from '../../images/desktop/build.ts';
import { onBoth } from './on-both.ts';
import { decodePng } from './png.ts';

/** Waits for a window, and gives it the keyboard. */
async function focus(computer: ComputerBox, which: readonly string[]): Promise<void> {
  const { stderr } = await computer.exec('xdotool', [
    ...['search', '--sync', '--onlyvisible', ...which],
    ...['windowactivate', '--sync'],
  ]);
  expect(stderr).toBe('');
}

/** Opens a terminal whose lines are added to a file of the box, once it has the keyboard. */
async function openTerminal(computer: ComputerBox, file: string): Promise<void> {
  await computer.waitUntilReady();
  const program = 'while IFS= read -r line; do printf "%s\\n" "$line" >> "$0"; done';
  await computer.box.exec('xterm', ['-geometry', '100x20+40+40', '-e', 'bash', '-c', program, file]);
  await focus(computer, ['--class', 'xterm']);
}

async function typed(computer: ComputerBox, file: string): Promise<string> {
  const { stdout } = await computer.exec('sh', ['-c', 'cat "$0" 2> /dev/null; true', file]);
  return stdout;
}

onBoth(desktopImage, (runtime) => {
  let computer: ComputerBox;
  beforeAll(async () => {
    computer = await ComputerBox.create({ runtime: runtime() });
    await openTerminal(computer, '/tmp/typed');
  });
  afterAll(() => computer.stop());

  test('its screen is 1024 by 768, and a picture of it changes with what is typed', async () => {
    expect(await computer.getScreenSize()).toEqual([1024, 768]);
    await computer.mouseMove(1000, 700);
    const before = await computer.screenshot();
    expect({ width: before.width, height: before.height }).toEqual({ width: 1024, height: 768 });
    const picture = decodePng(before.data);
    expect({ width: picture.width, height: picture.height }).toEqual({ width: 1024, height: 768 });
    expect(picture.colours).toBeGreaterThan(2);
    // White is the terminal's, black the desktop behind it.
    expect([picture.at(600, 300), picture.at(1020, 10)]).toEqual([
      [255, 255, 255],
      [0, 0, 0],
    ]);
    await computer.type('words on the screen');
    await expect.poll(async () => Buffer.from((await computer.screenshot()).data).equals(before.data)).toBe(false);
    await computer.key('ctrl+u');
  });

  test('types any text into the window that has the keyboard, as it is', async () => {
    const hostile = `$(touch /tmp/owned) \`id\` '; rm -rf "\\ --file -e %s {} & | > <`;
    const world = 'é ü ß Ñ Æ Ø € “quotes” — … Ελληνικά русский עברית العربية हिन्दी ไทย 日本語 한국어 🎉🚀 𝔘 a\u0301';
    const lines = [hostile, world, '--', '-delay 5', world.toUpperCase()];
    await computer.type(`${lines.join('\n')}\r\n`);
    await expect.poll(() => typed(computer, '/tmp/typed')).toBe(`${lines.join('\n')}\n`);
    expect((await computer.exec('test', ['-e', '/tmp/owned'])).exitCode).toBe(1);
  });

  test('types more characters than there are keys, each as it is, and texts one after another', async () => {
    await computer.exec('rm', ['/tmp/typed']);
    const characters = Array.from({ length: 500 }, (_, at) => String.fromCodePoint(0x4e00 + 7 * at));
    const lines = Array.from({ length: 10 }, (_, at) => characters.slice(50 * at, 50 * at + 50).join(''));
    await Promise.all(lines.map((line) => computer.type(`${line}\n`)));
    await expect.poll(() => typed(computer, '/tmp/typed')).toBe(`${lines.join('\n')}\n`);
  });

  test('the mouse goes where it is told, clicks, drags and turns its wheel', async () => {
    await computer.mouseMove(300, 200);
    expect(await computer.cursorPosition()).toEqual([300, 200]);
    await computer.mouseMove(300, 200);
    // What a terminal tells of the mouse once it is asked to: a button, where, and whether it was pressed (M) or let go (m).
    const watch = String.raw`stty raw -echo; printf '\e[?1002h\e[?1006h'; dd bs=1 2> /dev/null >> "$0"`;
    await computer.box.exec('xterm', [
      '-geometry',
      '80x24+100+100',
      '-T',
      'mouse',
      '-e',
      'bash',
      '-c',
      watch,
      '/tmp/mouse',
    ]);
    await focus(computer, ['--name', 'mouse']);
    const events = async (): Promise<readonly string[]> =>
      (await typed(computer, '/tmp/mouse')).match(/\d+;\d+;\d+[Mm]/g)?.map((event) => event.replace(/;.*(.)$/, '$1')) ??
      [];
    await computer.mouseMove(300, 250);
    await computer.leftClick();
    await computer.rightClick();
    await computer.middleClick();
    await computer.doubleClick();
    await computer.tripleClick();
    await computer.scroll(310, 260, 'down', 2);
    await computer.scroll(310, 260, 'up');
    expect(await computer.cursorPosition()).toEqual([310, 260]);
    const clicks = ['0M', '0m', '2M', '2m', '1M', '1m', ...Array(5).fill(['0M', '0m']).flat()];
    const turns = ['65M', '65M', '64M', '64M', '64M'];
    await expect.poll(events).toEqual([...clicks, ...turns]);
    await computer.leftClickDrag(200, 200, 400, 300);
    expect(await computer.cursorPosition()).toEqual([400, 300]);
    // Moves that come at once are told as one.
    await expect
      .poll(async () => (await events()).slice(clicks.length + turns.length).join(' '))
      .toMatch(/^0M (32M )+0m$/);
  });

  test('keys are pressed by name, alone and together', async () => {
    await using keys = await ComputerBox.create({ runtime: runtime(), size: { width: 640, height: 480 } });
    await openTerminal(keys, '/tmp/keys');
    expect(await keys.getScreenSize()).toEqual([640, 480]);
    await keys.type('wrong');
    await keys.key('ctrl+u');
    await keys.type('ab');
    await keys.key('BackSpace');
    await keys.key('shift+c');
    await keys.key('Return');
    await expect.poll(() => typed(keys, '/tmp/keys')).toBe('aC\n');
    await keys.key('ctrl+c');
    await expect.poll(async () => (await keys.exec('ps', ['-o', 'comm=', '-C', 'xterm'])).stdout).toBe('');
    expect(decodePng((await keys.screenshot()).data)).toMatchObject({ width: 640, height: 480 });
  });

  test('a desktop that was killed is told, and the next call starts another; one that is there is found', async () => {
    const options = { runtime: runtime(), name: 'kept-desktop', reuseExisting: true };
    await using first = await ComputerBox.create({ ...options, size: { width: 800, height: 600 } });
    await first.mouseMove(799, 599);
    const second = await ComputerBox.create(options);
    expect(await second.cursorPosition()).toEqual([799, 599]);
    await expect(second.mouseMove(800, 0)).rejects.toThrow('x must be a whole number from 0 to 799');
    await first.exec('pkill', ['-9', 'Xvfb']);
    await expect(first.screenshot()).rejects.toThrow('the desktop has ended; the next call starts an empty one');
    expect(await first.getScreenSize()).toEqual([800, 600]);
    await first.box.restart();
    await expect(first.leftClick()).rejects.toThrow('the desktop has ended');
    await first.leftClick();
  });

  test('a tool of another image that goes on talking is cut off, and fills no memory here', async () => {
    await using other = await ComputerBox.create({ runtime: runtime(), image: 'boxlite/base:latest' });
    const programs = {
      Xvfb: 'echo 0; sleep 60',
      openbox: 'echo windows are managed; sleep 60',
      xdotool: 'head -c 8000000 /dev/zero',
      scrot: 'cat /dev/zero',
    };
    for (const [name, line] of Object.entries(programs))
      await other.box.files.write(`/usr/bin/${name}`, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    await expect(other.cursorPosition()).rejects.toMatchObject({ code: 'output_truncated' });
    await expect(other.screenshot()).rejects.toMatchObject({ code: 'output_truncated' });
    await expect.poll(async () => (await other.box.run('ps')).stdout).not.toContain('/dev/zero');
  });

  test('what cannot be is told, and by the name of what was wrong', async () => {
    await expect(ComputerBox.create({ runtime: runtime(), size: { width: 9, height: 9 } })).rejects.toThrow(
      'size.width',
    );
    await expect(computer.mouseMove(-1, 0)).rejects.toThrow(InvalidArgumentError);
    await expect(computer.mouseMove(0, 0.5)).rejects.toThrow('y must be');
    await expect(computer.leftClickDrag(0, 0, 1024, 0)).rejects.toThrow('toX must be');
    await expect(computer.scroll(0, 0, 'up', 0)).rejects.toThrow('amount must be');
    // @ts-expect-error: no such direction.
    await expect(computer.scroll(0, 0, 'in')).rejects.toThrow('direction must be');
    await expect(computer.type('\u001b[2J')).rejects.toThrow(InvalidArgumentError);
    await expect(computer.type('\ud800')).rejects.toThrow(InvalidArgumentError);
    await expect(computer.key('ctrl+c; id')).rejects.toThrow(InvalidArgumentError);
    await expect(computer.key('Nonsense')).rejects.toThrow('no key Nonsense');
    const reason = new Error('enough');
    await expect(computer.screenshot({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await using bare = await ComputerBox.create({ runtime: runtime(), image: 'boxlite/base:latest' });
    await expect(bare.screenshot()).rejects.toThrow(ExecutionError);
    await expect(bare.screenshot()).rejects.toThrow('node images/desktop/build.ts');
  });
});
