// Sends requests with the axios that is named as the second argument; see README.md.

import { readFileSync } from 'node:fs';

const { default: axios } = await import(process.argv[3]);
const proxy = new URL(process.argv[2]);
const statuses = [];
for (const request of JSON.parse(readFileSync(0, 'utf8'))) {
  const response = await axios.request({
    method: request.method,
    url: request.url,
    headers: request.headers,
    data: request.body,
    proxy: { protocol: 'http', host: proxy.hostname, port: Number(proxy.port) },
    timeout: 20_000,
    validateStatus: () => true,
  });
  statuses.push(response.status);
}
console.log(JSON.stringify(statuses));
