// An origin of streams: prints its port; with a certificate and a key as arguments, HTTP/2 under TLS.
//
// It writes the second piece of a download only after the first was read, and a page sends the second
// piece of an upload only after the first has arrived: whoever holds pieces back stops both.

import { readFileSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";

const [certificate, key] = process.argv.slice(2);

function gate() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { open, opened };
}

const read = gate();
const arrived = gate();

const routes = {
  async "/download"(request, response) {
    response.write("first ");
    await read.opened;
    response.end("second");
  },
  "/read"(request, response) {
    read.open();
    response.end();
  },
  async "/upload"(request, response) {
    let content = "";
    for await (const piece of request) {
      content += piece;
      arrived.open();
    }
    response.end(content);
  },
  async "/arrived"(request, response) {
    await arrived.opened;
    response.end();
  },
};

async function answer(request, response) {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Allow-Methods", "*");
  response.setHeader("Access-Control-Allow-Headers", "*");
  response.setHeader("Content-Type", "text/plain");
  if (request.method === "OPTIONS") {
    response.end();
    return;
  }
  const route = routes[request.url];
  if (!route) response.statusCode = 404;
  await (route ? route(request, response) : response.end());
}

const server = certificate
  ? http2.createSecureServer(
      { cert: readFileSync(certificate), key: readFileSync(key) },
      answer,
    )
  : http.createServer(answer);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
