"""A WebSocket origin: prints its port; with a certificate and a key as arguments, under TLS."""

import asyncio
import http
import ssl
import sys

from websockets.asyncio.server import serve


def door(connection, request):
    if request.path == "/401":
        response = connection.respond(http.HTTPStatus.UNAUTHORIZED, "no token\n")
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    return None


async def echo(connection):
    async for message in connection:
        if connection.request.path == "/1008":
            await connection.close(1008, "no token")
            return
        await connection.send(message)


async def main():
    tls = None
    if len(sys.argv) > 2:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[1], sys.argv[2])
    options = {"ssl": tls, "process_request": door, "subprotocols": ["acme.v1"]}
    async with serve(echo, "127.0.0.1", 0, **options) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
