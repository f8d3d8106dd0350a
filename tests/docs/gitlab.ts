import { createServer } from 'node:http';
import { listening } from './listening.ts';

/** As much of GitLab as the page about it asks: one project, one user, and a note that changes. */
const answers: Readonly<Record<string, readonly [status: number, body: unknown]>> = {
  'GET /api/v4/projects/group%2Fname': [200, { id: 42, path_with_namespace: 'group/name' }],
  'GET /api/v4/projects/42': [200, { id: 42, path_with_namespace: 'group/name' }],
  'PUT /api/v4/projects/42/issues/3/notes/7': [200, { id: 7 }],
  'GET /api/v4/users': [200, [{ id: 1, username: 'ada' }]],
};

/** Listens on a port of loopback. */
export async function startGitlab(port: number): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    const path = request.url?.replace(/\?.*/, '');
    const [status, body] = answers[`${request.method} ${path}`] ?? [404, { message: '404 Not Found' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  return listening(server, port);
}
