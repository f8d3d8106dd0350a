import { fetchClient, ignore, impersonating, paged, query, StatusError, sudo, sudoContext } from '@boxlite/rest';
import { type Expectation, expecting, serving } from '@boxlite/rest/testing';
import { expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import { createIssueNote, deleteIssueNote, editIssueNote, issueNotes, Note } from './issue-notes.ts';
import { MergeRequest, mergeRequests } from './merge-requests.ts';
import { Project, project, projects } from './projects.ts';
import { currentUser, User, user, users } from './users.ts';

const baseUrl = 'https://gitlab.example/api/v4';
const gitlab = (...expectations: readonly Expectation[]) => expecting(expectations, { baseUrl });
const root = { id: 1, username: 'root', name: 'Administrator', state: 'active' };
const issue = { project: 'group/sub/name', issue: 3 };
const of = '/projects/group%2Fsub%2Fname';
const note = { ...issue, note: 7 };
const at = new Date('2026-01-02T03:04:05.000Z');

test('a user, and whoever asks', async () => {
  await using client = gitlab(
    { path: '/users/1', answer: Response.json(root) },
    { path: '/user', headers: { sudo: null }, answer: Response.json(root) },
  );
  expect((await query(user(1), User).send(client)).username).toBe('root');
  const me = await query(currentUser(), User).send(client);
  expectTypeOf(me.id).toEqualTypeOf<number>();
});

test('a project goes by its number or its path', async () => {
  await using client = gitlab(
    { path: '/projects/42', answer: Response.json({ id: 42, path_with_namespace: 'a/b' }) },
    { path: of, params: { statistics: true, license: false }, answer: Response.json({ id: 1 }) },
  );
  expect(await query(project(42), Project).send(client)).toEqual({ id: 42, path_with_namespace: 'a/b' });
  // The caller says what he needs of it.
  expect(
    await query(project('group/sub/name', { statistics: true, license: false }), z.object({ id: z.int() })).send(
      client,
    ),
  ).toEqual({ id: 1 });
});

test.each([
  ['nothing said', users(), {}],
  ['a name', users({ username: 'root' }), { username: 'root' }],
  ['a search', users({ search: 'a b&c' }), { search: 'a b&c' }],
  ['a state', users({ active: false }), { active: false }],
  ['a time', users({ createdAfter: at }), { created_after: '2026-01-02T03:04:05.000Z' }],
  ['a list', users({ skipIds: [1, 2] }), { skip_users: '1,2' }],
  ['an empty list', users({ skipIds: [] }), {}],
])('users by %s', async (_, endpoint, params) => {
  await using client = gitlab({ path: '/users', params, answer: Response.json([]) });
  expect(await query(endpoint, z.array(User)).send(client)).toEqual([]);
});

test('a note is written and changed by a form, with what is given and nothing else', async () => {
  const said = Response.json({ id: 7, body: 'said' });
  await using client = gitlab(
    { method: 'POST', path: `${of}/issues/3/notes`, body: 'body=a+b%26c', answer: said.clone() },
    {
      method: 'POST',
      path: `${of}/issues/3/notes`,
      body: 'body=x&confidential=true&created_at=2026-01-02T03%3A04%3A05.000Z',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      answer: said.clone(),
    },
    { method: 'PUT', path: `${of}/issues/3/notes/7`, body: 'confidential=false', answer: said.clone() },
    { method: 'PUT', path: `${of}/issues/3/notes/7`, body: 'body=new&confidential=true', answer: said },
    { method: 'DELETE', path: `${of}/issues/3/notes/7` },
  );
  await ignore(createIssueNote(issue, { body: 'a b&c' })).send(client);
  await ignore(createIssueNote(issue, { body: 'x', confidential: true, createdAt: at })).send(client);
  await ignore(editIssueNote(note, { confidential: false })).send(client);
  expect((await query(editIssueNote(note, { body: 'new', confidential: true }), Note).send(client)).id).toBe(7);
  await ignore(deleteIssueNote(note)).send(client);
});

test('what a note needs is needed by its type', () => {
  // @ts-expect-error A note says something.
  createIssueNote(issue, {});
  // @ts-expect-error A change is of a note.
  editIssueNote(issue, { body: 'x' });
  // @ts-expect-error Writing a note is no list.
  paged(createIssueNote(issue, { body: 'x' }), Note);
  // @ts-expect-error One user is no list.
  paged(user(1), User);
  // @ts-expect-error What is finished is not finished again.
  paged(ignore(users()), User);
});

test('merge requests are listed by keyset, with every parameter spelled as GitLab has it', async () => {
  const first = { iid: 1, title: 'first', state: 'merged' };
  const params = { pagination: 'keyset', order_by: 'created_at', sort: 'asc', per_page: 1 };
  const next = `<${baseUrl}/projects/9/merge_requests?cursor=abc>; rel="next"`;
  await using client = gitlab(
    {
      path: '/projects/9/merge_requests',
      params: { ...params, state: 'merged', author_id: 5, labels: 'a,b c', 'iids[]': [1, 2], updated_after: at },
      answer: Response.json([first], { headers: { link: next } }),
    },
    { path: '/projects/9/merge_requests', params: { cursor: 'abc' }, answer: Response.json([]) },
  );
  const options = { state: 'merged', author: 5, labels: ['a', 'b c'], iids: [1, 2], updatedAfter: at } as const;
  const listed = paged(mergeRequests(9, options), MergeRequest, { pageSize: 1 });
  expect(await listed.send(client)).toEqual([first]);
});

test('an author may be a name', async () => {
  const params = { pagination: 'keyset', order_by: 'created_at', sort: 'asc', author_username: 'root' };
  await using client = gitlab({ path: '/projects/9/merge_requests', params, answer: Response.json([]) });
  expect(await query(mergeRequests(9, { author: 'root' })).send(client)).toEqual([]);
});

test('projects by id go by keyset, in another order by pages; a limit is kept in both', async () => {
  const all = Array.from({ length: 250 }, (_, id) => ({ id, path_with_namespace: `a/${id}` }));
  for (const endpoint of [projects({ orderBy: 'id' }), projects({ orderBy: 'name', sort: 'desc' })]) {
    const client = serving(all, endpoint.pagination);
    expect(await paged(endpoint, Project, { pageSize: 100 }).send(client)).toEqual(all);
    expect(await paged(endpoint, Project, { pageSize: 100, limit: 150 }).send(client)).toEqual(all.slice(0, 150));
  }
});

test('sudo goes with one call, with many, or with a client, and keeps a list a list', async () => {
  await using client = gitlab(
    { path: '/user', headers: { sudo: 'alice' }, answer: Response.json(root) },
    { path: '/users', params: { page: 1, per_page: 100 }, headers: { sudo: '12' }, answer: Response.json([root]) },
    {
      path: `${of}/issues/3/notes`,
      params: { page: 1, per_page: 100 },
      headers: { sudo: 'bob' },
      answer: Response.json([]),
    },
  );
  await query(sudo(currentUser(), 'alice'), User).send(client);
  const asTwelve = sudoContext(12);
  expect(await paged(asTwelve(users()), User, { pageSize: 100 }).send(client)).toEqual([root]);
  await paged(issueNotes(issue), Note, { pageSize: 100 }).send(impersonating(client, 'bob'));
});

test('what GitLab says of a failure is what the error says', async () => {
  const answer = Response.json({ message: { body: ["can't be blank"] } }, { status: 400 });
  await using client = gitlab({ method: 'POST', path: `${of}/issues/3/notes`, body: 'body=', answer });
  const failed = query(createIssueNote(issue, { body: '' })).send(client);
  await expect(failed).rejects.toThrow(StatusError);
  await expect(failed).rejects.toMatchObject({ status: 400 });
  await expect(failed).rejects.toThrow(/can't be blank/);
});

test('the same endpoints go to a real server by a fetch-shaped function', async () => {
  const client = fetchClient({ baseUrl, fetch: async ({ url }) => Response.json({ ...root, name: url }) });
  expect((await query(currentUser(), User).send(client)).name).toBe(`${baseUrl}/user`);
});
