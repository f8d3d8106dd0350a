import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { testUserName, userHome } from '../../rootless/as-user.ts';

function idsOf(user: string): readonly [uid: number, gid: number] {
  const [, uid, gid] = new RegExp(`^${user}:[^:]*:(\\d+):(\\d+):`, 'm').exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  return [Number(uid), Number(gid)];
}

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
  const program = ['--import', './tests/cgroup-v2/typescript.mjs', 'tests/cgroup-v2/user-boxes.ts'];
  const { code, output } = await home.node(program, { BOXLITE_CGROUP: './boxes' }, { cgroup });
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
