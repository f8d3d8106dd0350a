// The yardstick of request rates: one route of hono that does nothing, on the same server for Node.
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const app = new Hono();
app.get('/v1/:prefix/boxes/:box_id', (context) => context.json({ box_id: context.req.param('box_id') }));
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  process.stdout.write(`listening on http://127.0.0.1:${port}\n`);
});
