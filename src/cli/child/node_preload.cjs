// Sends what Node asks for over HTTP through the proxy of `why401 run -- CMD`. Node reads this file because
// NODE_OPTIONS names it; it changes the process that reads it and nothing else.
'use strict';

const net = require('node:net');
const tls = require('node:tls');

const proxy = addressOf(process.env.HTTP_PROXY);
if (proxy) {
  followInAgents();
  followInFetch();
}

function addressOf(text) {
  try {
    const url = new URL(text);
    return { host: bare(url.hostname), port: Number(url.port) };
  } catch {
    return undefined;
  }
}

// The agents of http and https, those that a program makes for itself too. An agent that knows a proxy is
// left alone: Node's own with NODE_USE_ENV_PROXY, and those of packages.
function followInAgents() {
  for (const [name, secure] of [['http', false], ['https', true]]) {
    const prototype = require(`node:${name}`).Agent.prototype;
    const direct = prototype.createConnection;
    prototype.createConnection = function createConnection(options, callback) {
      if (options.socketPath || isProxy(options) || this.options?.proxyEnv) {
        return direct.call(this, options, callback);
      }
      tunnel(options.host ?? 'localhost', options.port, (error, socket) => {
        if (error) return callback(error);
        return callback(null, secure ? direct.call(this, { ...options, socket }) : socket);
      });
      return undefined;
    };
  }
}

// The fetch that comes with Node, and an undici from npm that shares its dispatcher with it.
function followInFetch() {
  if (followsByItself() || typeof fetch !== 'function') return;
  // Looking at it makes Node load its undici, which leaves a dispatcher behind.
  void globalThis.Request;
  const shared = Symbol.for('undici.globalDispatcher.1');
  const Agent = globalThis[shared]?.constructor;
  if (typeof Agent === 'function') globalThis[shared] = new Agent({ connect });
}

function followsByItself() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const canFollow = major >= 24 || (major === 22 && minor >= 21);
  return canFollow && process.env.NODE_USE_ENV_PROXY === '1';
}

// What undici calls to connect to an origin.
function connect({ hostname, port, protocol, servername }, callback) {
  const secure = protocol === 'https:';
  tunnel(hostname, port || (secure ? 443 : 80), (error, socket) => {
    if (error || !secure) return callback(error, socket);
    const host = bare(hostname);
    const name = servername || (net.isIP(host) ? '' : host);
    const secured = tls.connect({ socket, host, servername: name, ALPNProtocols: ['http/1.1'] });
    const failed = (reason) => callback(reason);
    secured.once('error', failed);
    secured.once('secureConnect', () => {
      secured.removeListener('error', failed);
      callback(null, secured);
    });
    return undefined;
  });
}

// A connection to the origin by way of the proxy: CONNECT (RFC 9110, section 9.3.6).
function tunnel(host, port, callback) {
  const name = bare(host);
  const authority = `${name.includes(':') ? `[${name}]` : name}:${port}`;
  const socket = net.connect(proxy);
  let answer = '';
  const fail = (error) => {
    socket.destroy();
    callback(error);
  };
  const ended = () => fail(new Error(`why401 closed the connection to ${authority}`));
  const read = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
      answer += chunk.toString('latin1');
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) continue;
      socket.removeListener('readable', read);
      socket.removeListener('error', fail);
      socket.removeListener('end', ended);
      const rest = answer.slice(end + 4);
      if (!/^HTTP\/1\.\d 2/.test(answer)) {
        fail(new Error(`why401 cannot connect to ${authority}: ${rest || answer.slice(0, end)}`));
        return;
      }
      if (rest) socket.unshift(Buffer.from(rest, 'latin1'));
      callback(null, socket);
      return;
    }
  };
  socket.on('readable', read);
  socket.once('error', fail);
  socket.once('end', ended);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
}

function isProxy(options) {
  return options.host === proxy.host && Number(options.port) === proxy.port;
}

// An IPv6 address without its brackets.
function bare(host) {
  return host.replace(/^\[|\]$/g, '');
}
