import { permissions } from '@boxlite/api';
import type { Request } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hold, type OpenedDashboard, openDashboard, show, signIn } from './opened.ts';

let dashboard: OpenedDashboard;
beforeAll(async () => {
  dashboard = await openDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const image = 'boxlite/base:latest';
// How long the page answers nobody, in milliseconds.
const longestTask = `globalThis.longest = 0; new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
}).observe({ type: 'longtask' })`;
const hostile = '<img src=x onerror="document.title=1">';

test('a wrong key is told, a right one leads in and is kept nowhere, and signing out leads back', async () => {
  const { page, wrong } = await dashboard.open();
  await signIn(page, 'wrong');
  await page.getByRole('alert').getByText('does not take this').waitFor();
  await signIn(page);
  await page.getByRole('heading', { name: 'Boxes' }).waitFor();
  expect(await page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])')).toBe(
    '[{},{},""]',
  );
  await page.reload();
  await page.getByLabel('OAuth2 client').check();
  await page.getByLabel('Client id').fill('operator');
  await page.getByLabel('Client secret').fill('operator-secret');
  await page.getByLabel('Remember it in this tab').check();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Boxes' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  expect(await page.evaluate('sessionStorage.length')).toBe(0);
  // Another tenant's answer that comes after one signed out does not sign in again.
  const { value } = await dashboard.identity.createKey({
    ...{ name: 'two', tenants: ['one', 'two'], permissions: new Set(permissions) },
    ...{ createdBy: 'operator', expiresAtMs: undefined },
  });
  await signIn(page, value);
  await page.getByRole('heading', { name: 'Boxes' }).waitFor();
  const held = await hold(page, '**/config');
  await page.getByLabel('Tenant').selectOption('two');
  await held.asked;
  await page.getByRole('button', { name: 'Sign out' }).click();
  // The page may have let go of the answer's body by then: Chromium then says of the request that it failed.
  const ofConfig = (request: Request) => request.url().endsWith('/config');
  const late = Promise.race([
    page.waitForEvent('requestfinished', ofConfig),
    page.waitForEvent('requestfailed', ofConfig),
  ]);
  held.release();
  const answer = await (await late).response();
  expect(answer?.status()).toBe(200);
  await page.evaluate('new Promise((done) => setTimeout(done))');
  expect(await page.getByRole('button', { name: 'Sign in' }).count()).toBe(1);
  expect(wrong).toEqual([]);
  await page.close();
});

test('a server that does not answer is asked again, and so is what nobody saw come', async () => {
  const { page } = await dashboard.open();
  await signIn(page);
  await page.getByRole('heading', { name: 'Boxes' }).waitFor();
  const held = await hold(page, '**/images*');
  await page.getByRole('link', { name: 'Images' }).click();
  await held.asked;
  await page.getByText('Loading…').waitFor();
  await show(page, 'hidden');
  held.release();
  await show(page, 'visible');
  await page.getByText('Loading…').waitFor({ state: 'detached' });
  expect(await page.getByRole('alert').count()).toBe(0);
  await page.route('**/boxes*', (route) => route.abort());
  await page.getByRole('link', { name: 'Boxes' }).click();
  await page.getByRole('alert').getByText('does not answer').waitFor();
  await page.unroute('**/boxes*');
  await page.getByText('There are no boxes yet').waitFor();
  await page.close();
});

test('a key that is revoked meanwhile leads to the form and, with a good one, back to where one was', async () => {
  const { page } = await dashboard.open();
  const { value, credential } = await dashboard.identity.createKey({
    ...{ name: 'soon-gone', tenants: undefined, permissions: new Set(permissions) },
    ...{ createdBy: 'operator', expiresAtMs: undefined },
  });
  await signIn(page, value);
  await page.getByRole('link', { name: 'Node' }).click();
  await page.getByText('Boxes running').waitFor();
  dashboard.identity.revoke('key', credential.id);
  await page.getByRole('alert').getByText('has expired or was revoked').waitFor();
  await signIn(page);
  await page.getByRole('heading', { name: 'Node' }).waitFor();
  await page.close();
});

test('makes a box, runs a command in it whose output is shown in its order, stops the box and removes it', async () => {
  const { page, wrong } = await dashboard.open();
  await signIn(page);
  await page.getByRole('button', { name: 'Create a box' }).click();
  await page.getByLabel('Image').fill(image);
  await page.getByLabel('Name', { exact: true }).fill('shown');
  await page.getByLabel('Memory, MiB').fill('12');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  // Beside its field.
  await page.locator('.wrong', { hasText: 'Memory' }).getByRole('alert').waitFor();
  await page.getByLabel('Memory, MiB').fill('128');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('heading', { name: 'shown' }).waitFor();
  await page.getByRole('link', { name: 'Commands' }).click();
  // Each line once the one before is shown: of two streams nobody knows otherwise which was written first.
  const next = (file: string): string => `until [ -e /root/${file} ]; do sleep 0.05; done`;
  const script = `echo one; ${next('second')}; echo two >&2; ${next('third')}; echo three; exit 3`;
  await page.getByLabel('Command, as a shell').fill(script);
  await page.getByRole('button', { name: 'Run' }).click();
  const output = page.getByRole('log', { name: 'Output' });
  await expect.poll(() => output.textContent()).toBe('one\n');
  const box = await dashboard.runtime.get('shown');
  await box?.files.write('/root/second', '');
  await expect.poll(() => output.textContent()).toBe('one\ntwo\n');
  await box?.files.write('/root/third', '');
  await page.getByText('exit code 3').waitFor();
  await expect.poll(() => output.textContent()).toBe('one\ntwo\nthree\n');
  expect(await output.locator('.stderr').textContent()).toBe('two\n');
  await page.getByRole('button', { name: 'Stop shown' }).click();
  await page.locator('.state', { hasText: 'stopped' }).waitFor();
  await page.getByRole('button', { name: 'Remove shown' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('There are no boxes yet').waitFor();
  expect(await dashboard.runtime.exists('shown')).toBe(false);
  expect(wrong).toEqual([]);
  await page.close();
});

test('what others do with boxes is shown as it happens, as far as it fits the filter', async () => {
  const { page } = await dashboard.open();
  await signIn(page);
  await page.getByText('There are no boxes yet').waitFor();
  const options = { image, memoryMib: 128, autoRemove: false };
  const box = await dashboard.runtime.create({ ...options, labels: { team: 'search' } }, 'live');
  const row = page.getByRole('row', { name: 'live' });
  await row.getByText('configured').waitFor();
  await box.start();
  await row.getByText('running').waitFor();
  await page.getByLabel('Label').fill('team=other');
  await page.getByText('No box fits the filter').waitFor();
  const other = await dashboard.runtime.create({ ...options, labels: { team: 'other' } }, 'fits');
  await page.getByRole('link', { name: 'fits' }).waitFor();
  await page.getByLabel('Label').fill('');
  await row.waitFor();
  await page.getByLabel('Status').selectOption('running');
  await page.getByRole('link', { name: 'fits' }).waitFor({ state: 'detached' });
  await box.stop();
  await row.waitFor({ state: 'detached' });
  await Promise.all([box, other].map(({ id }) => dashboard.runtime.remove(id)));
  await page.close();
});

test('a terminal takes what is typed, has the size of its window, and tells how its shell ended', async () => {
  const box = await dashboard.runtime.create({ image, memoryMib: 128, autoRemove: false });
  await box.start();
  const { page, wrong } = await dashboard.open();
  await signIn(page);
  await page.getByRole('link', { name: box.id }).click();
  await page.getByRole('link', { name: 'Terminal' }).click();
  const screen = page.locator('.xterm-rows');
  await screen.getByText('/ #').first().waitFor();
  const cols = async (): Promise<number> => {
    await page.keyboard.type('clear; echo "size $(stty size) is"\n');
    await screen.getByText(/size \d+ \d+ is/).waitFor();
    return Number(/size \d+ (\d+) is/.exec((await screen.textContent()) ?? '')?.[1]);
  };
  const wide = await cols();
  expect(wide).toBeGreaterThan(120);
  await page.setViewportSize({ width: 700, height: 800 });
  await expect.poll(cols).toBeLessThan(90);
  // A title, the clipboard and a link: nothing but the text of the link may come of it.
  await page.keyboard.type(
    `printf '\\033]0;taken\\007\\033]52;c;dGFrZW4=\\007\\033]8;;https://evil.example\\007a link\\033]8;;\\007\\n'\n`,
  );
  await screen.getByText('a link').last().waitFor();
  expect(await page.title()).toBe('BoxLite');
  // What floods it is stopped by control-C at once, not when all of it is drawn.
  await page.keyboard.type('clear; yes flood\n');
  await screen.getByText('flood').nth(20).waitFor();
  await page.keyboard.press('Control+c');
  await page.keyboard.type('clear; echo over-$((1 + 1))\n');
  await screen.getByText('over-2').last().waitFor();
  await page.keyboard.type('exit 5\n');
  await page.getByText('The shell ended with exit code 5.').waitFor();
  expect(wrong).toEqual([]);
  await page.close();
  await dashboard.runtime.remove(box.id, { force: true });
});

test('labels, names of files and output of a box are text, whatever is in them', async () => {
  const box = await dashboard.runtime.create({
    ...{ image, memoryMib: 128, autoRemove: false },
    labels: { '<b>name</b>': hostile },
    env: { HOSTILE: hostile },
  });
  await box.run('sh', [
    '-c',
    'touch "/srv/<img src=x onerror=document.title=1>" "/srv/jpg.\u202egpj.exe"; echo "$HOSTILE"',
  ]);
  const { page, wrong } = await dashboard.open();
  await signIn(page);
  await page.getByText(hostile).first().waitFor();
  await page.getByRole('link', { name: box.id }).click();
  await page.getByText(hostile).first().waitFor();
  await page.getByRole('link', { name: 'Commands' }).click();
  const ran = page.locator('tbody').getByRole('button', { name: `sh -c 'touch "/srv/<img src=x` });
  expect(await ran.textContent()).toContain('jpg.\\u202egpj.exe');
  await ran.click();
  await page.getByRole('log', { name: 'Output' }).getByText(hostile).waitFor();
  await page.getByRole('heading', { name: 'jpg.\\u202egpj.exe' }).waitFor();
  await page.getByRole('link', { name: 'Files' }).click();
  await page.getByRole('button', { name: 'srv/' }).click();
  await page.getByText('<img src=x onerror=document.title=1>').waitFor();
  // Nor does a name look like another.
  await page.getByText('jpg.\\u202egpj.exe').waitFor();
  // What another directory has is not shown for one that is not there.
  await page.getByLabel('Directory').fill('/nowhere');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('alert').getByText('/nowhere').waitFor();
  expect(await page.locator('tbody').count()).toBe(0);
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.title()).toBe('BoxLite');
  expect(wrong).toEqual([]);
  await page.close();
  await dashboard.runtime.remove(box.id, { force: true });
});

test('a flood of output leaves the page responsive, and what it no longer shows is told', async () => {
  const box = await dashboard.runtime.create({ image, memoryMib: 128, autoRemove: false });
  const { page } = await dashboard.open();
  await signIn(page);
  await page.getByRole('link', { name: box.id }).click();
  await page.getByRole('link', { name: 'Commands' }).click();
  await page.getByLabel('Command, as a shell').fill('yes flood | head -c 20000000; echo; echo the end');
  await page.evaluate(longestTask);
  await page.getByRole('button', { name: 'Run' }).click();
  await page.getByText('exit code 0').waitFor();
  const output = page.getByRole('log', { name: 'Output' });
  await expect.poll(async () => (await output.textContent())?.endsWith('the end\n')).toBe(true);
  // As much as there is room for, and not only what came last.
  expect((await output.textContent())?.length).toBe(128 * 1024);
  await page.getByText('went out of view').waitFor();
  expect(await page.evaluate('longest')).toBeLessThan(1000);
  await page.close();
  await dashboard.runtime.remove(box.id, { force: true });
});

test('on a phone nothing has to be scrolled sideways', async () => {
  const box = await dashboard.runtime.create(
    { image, memoryMib: 128, autoRemove: false, labels: { [`team-${'x'.repeat(40)}`]: 'y'.repeat(60) } },
    `a-long-name-${'x'.repeat(50)}`,
  );
  await box.start();
  const { page } = await dashboard.open({ width: 360, height: 740 });
  const overflow = (): Promise<unknown> => page.evaluate('document.documentElement.scrollWidth - innerWidth');
  expect(await overflow()).toBe(0);
  await signIn(page);
  await page.getByRole('button', { name: 'Create a box' }).click();
  expect(await overflow()).toBe(0);
  await page.getByRole('link', { name: 'a-long-name' }).click();
  for (const part of ['Overview', 'Commands', 'Files', 'Network', 'Snapshots', 'Terminal']) {
    await page.getByRole('link', { name: part }).click();
    await page.locator('a[aria-current]', { hasText: part }).waitFor();
    await expect.poll(async () => [part, await page.getByText('Loading…').count()]).toEqual([part, 0]);
    expect([part, await overflow()]).toEqual([part, 0]);
  }
  for (const place of ['Images', 'Volumes', 'Node']) {
    await page.getByRole('link', { name: place, exact: true }).click();
    await page.getByRole('heading', { name: place, exact: true }).waitFor();
    await expect.poll(() => page.getByText('Loading…').count()).toBe(0);
    expect([place, await overflow()]).toEqual([place, 0]);
  }
  await page.close();
  await dashboard.runtime.remove(box.id, { force: true });
});
