// Node's HTTP server, with a WebSocket that echoes.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const server = createServer(async (request, response) => {
  let length = 0;
  for await (const chunk of request) length += chunk.length;
  console.log('node', request.method, request.headers.host, length);
  response.end(`${request.method} ${request.headers.host} ${length}\n`);
});
new WebSocketServer({ server }).on('connection', (socket) =>
  socket.on('message', (data) => socket.send(`echo ${data}`)),
);
server.listen(8001, '0.0.0.0', () => console.log('ready'));
