// What a Node that serves is started with: see observed.ts.
import { observeServers } from './observed-servers.ts';

observeServers();
