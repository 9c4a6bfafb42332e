// Sends requests with undici and its ProxyAgent; see README.md.

import { readFileSync } from 'node:fs';
import { ProxyAgent, request as send } from 'undici';

const dispatcher = new ProxyAgent({
  uri: process.argv[2],
  allowH2: true,
  requestTls: { allowH2: true },
});
const statuses = [];
for (const request of JSON.parse(readFileSync(0, 'utf8'))) {
  const response = await send(request.url, {
    dispatcher,
    method: request.method,
    headers: request.headers,
    body: request.body,
    headersTimeout: 20_000,
  });
  await response.body.dump();
  statuses.push(response.statusCode);
}
await dispatcher.close();
console.log(JSON.stringify(statuses));
