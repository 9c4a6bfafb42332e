"""A gRPC origin without a schema: prints its port; with a certificate and a key as arguments, under TLS."""

import sys
from concurrent import futures

import grpc


def token_of(context):
    return dict(context.invocation_metadata()).get("authorization", "")


def unary(request, context):
    return request + b" " + token_of(context).encode()


def server_stream(request, context):
    for number in range(5):
        yield request + str(number).encode()


def client_stream(requests, context):
    return b",".join(requests)


def both(requests, context):
    for request in requests:
        yield request.upper()


def refuse(context):
    context.set_trailing_metadata((("x-reason", "no scope"), ("x-reason", "expired"), ("x-id-bin", b"\x00\xff1")))
    context.abort(grpc.StatusCode.UNAUTHENTICATED, "kein Schlüssel: 100% \"leer\"\nZeile 2")


def refused(request, context):
    refuse(context)


def refused_late(request, context):
    yield b"one"
    yield b"two"
    refuse(context)


METHODS = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
    "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
    "Both": grpc.stream_stream_rpc_method_handler(both),
    "Refused": grpc.unary_unary_rpc_method_handler(refused),
    "RefusedLate": grpc.unary_stream_rpc_method_handler(refused_late),
}

server = grpc.server(futures.ThreadPoolExecutor(4))
handler = grpc.method_handlers_generic_handler("acme.Orders", METHODS)
server.add_generic_rpc_handlers((handler,))
if len(sys.argv) > 2:
    chain, key = (open(path, "rb").read() for path in sys.argv[1:3])
    credentials = grpc.ssl_server_credentials([(key, chain)])
    port = server.add_secure_port("127.0.0.1:0", credentials)
else:
    port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
