"""Python grpcio through a proxy: PROXY CA AUTHORITY http|https METHOD; prints what it saw as JSON."""

import json
import queue
import sys

import grpc

proxy, ca, authority, transport, method = sys.argv[1:6]
options = [("grpc.http_proxy", proxy)]
if transport == "https":
    credentials = grpc.ssl_channel_credentials(open(ca, "rb").read())
    channel = grpc.secure_channel(authority, credentials, options)
else:
    channel = grpc.insecure_channel(authority, options)
path = "/acme.Orders/" + method
calling = {"metadata": [("authorization", "Bearer t1")], "timeout": 20}


pieces = []


def text(value):
    return value.hex() if isinstance(value, bytes) else value


def run():
    if method == "ServerStream":
        return [piece.decode() for piece in channel.unary_stream(path)(b"n", **calling)]
    if method == "ClientStream":
        return channel.stream_unary(path)(iter([b"a", b"b", b"c"]), **calling).decode()
    if method == "Both":
        # The next question is sent when the last answer is there.
        questions = queue.Queue()
        questions.put(b"a")
        answers = []
        for answer in channel.stream_stream(path)(iter(questions.get, None), **calling):
            answers.append(answer.decode())
            questions.put([b"b", b"c", None][len(answers) - 1])
        return answers
    if method == "RefusedLate":
        for piece in channel.unary_stream(path)(b"n", **calling):
            pieces.append(piece.decode())
        return "not refused"
    return channel.unary_unary(path)(b"hello", **calling).decode()


try:
    seen = {"answer": run()}
except grpc.RpcError as error:
    seen = {
        "code": f"{error.code().value[0]} {error.code().name}",
        "details": error.details(),
        "metadata": [[key, text(value)] for key, value in error.trailing_metadata()],
        "pieces": pieces,
    }
print(json.dumps(seen))
