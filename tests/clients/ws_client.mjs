// Node's ws through a proxy: PROXY CA URL; prints what it saw as JSON.

import { HttpsProxyAgent } from 'https-proxy-agent';
import WebSocket from 'ws';

const [proxy, , url] = process.argv.slice(2);
const text = 'größer '.repeat(100);
const binary = Buffer.alloc(102_400, 7);
const socket = new WebSocket(url, ['acme.v1'], { agent: new HttpsProxyAgent(proxy) });
const seen = {};
const tell = what => {
  console.log(JSON.stringify(what));
  process.exit(0);
};
socket.on('open', () => {
  seen.subprotocol = socket.protocol;
  seen.extensions = Object.keys(socket._extensions ?? {});
  socket.send(text);
});
socket.on('message', (data, isBinary) => {
  if (isBinary) {
    seen.binary = binary.equals(data);
    socket.ping();
  } else {
    seen.text = data.toString() === text;
    socket.send(binary);
  }
});
socket.on('pong', () => tell({ ...seen, pong: true }));
socket.on('close', (code, reason) => tell({ code, reason: reason.toString() }));
socket.on('unexpected-response', (_, response) => {
  let body = '';
  response.on('data', piece => (body += piece));
  response.on('end', () => tell({ status: response.statusCode, body }));
});
socket.on('error', error => {
  console.error(error);
  process.exit(1);
});
