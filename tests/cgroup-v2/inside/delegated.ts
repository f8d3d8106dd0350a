import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { testUserName, userHome } from '../../rootless/as-user.ts';

function idsOf(user: string): readonly [uid: number, gid: number] {
  const [, uid, gid] = new RegExp(`^${user}:[^:]*:(\\d+):(\\d+):`, 'm').exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  return [Number(uid), Number(gid)];
}

const segmentationFault = 128 + 11;

/** As systemd delegates a scope to a user: cgroup-v2.rst, "Model of Delegation". */
function delegated(cgroup: string, [uid, gid]: readonly [number, number]): string {
  const folder = `/sys/fs/cgroup${cgroup}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/../cgroup.subtree_control`, '+cpu +memory +pids');
  for (const name of ['.', 'cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'])
    chownSync(`${folder}/${name}`, uid, gid);
  return folder;
}

test('boxes of an ordinary user have their limits in a cgroup that is delegated to the user, and leave nothing', async () => {
  const ids = idsOf(testUserName);
  mkdirSync(`/home/${testUserName}`, { recursive: true });
  chownSync(`/home/${testUserName}`, ...ids);
  const scope = '/user.slice/boxlite.scope';
  const cgroup = delegated(scope, ids);
  await using home = await userHome();
  const once = () => home.node(['tests/cgroup-v2/user-boxes.ts'], { BOXLITE_CGROUP: './boxes' }, { cgroup });
  let { code, output } = await once();
  // Node itself, which reads TypeScript by a program in WebAssembly, now and then ends so on a translated processor.
  for (let again = 0; code === segmentationFault && again < 2; again += 1) ({ code, output } = await once());
  expect(code, output).toBe(0);
  const { id, ...seen } = JSON.parse(output) as Record<string, unknown>;
  expect(seen).toEqual({
    limited: true,
    cgroup: `${scope}/boxes/${id}`,
    own: `${scope}/runtime`,
    limits: ['100000 100000', String(128 * 1024 ** 2), '0', '32'],
    exitCode: 137,
    errorMessage: expect.stringMatching(/out of memory/),
    stderr: expect.stringMatching(/fork/),
    frozen: true,
    thawed: 'thawed\n',
    memoryBytes: expect.any(Number),
    left: false,
  });
});
