"""A chat endpoint on loopback that answers what a test tells it to, over real HTTP."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace


def answer(text, n_prompt=20, n_answer=10, finish="stop", logprobs=None):
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": logprobs}
    usage = {
        "prompt_tokens": n_prompt,
        "completion_tokens": n_answer,
        "total_tokens": n_prompt + n_answer,
    }
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


def mail(asked):
    """Answer with an e-mail that no other request gets."""
    number = asked.body["seed"]
    return 200, answer(f"Subject: Offer {number}\n\nDear reader, number {number} is for you.")


@contextmanager
def chat_server(reply=mail):
    """Serve; ``reply`` takes what was asked and returns status, body and maybe headers."""
    asked_all, lock = [], threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                asked = SimpleNamespace(
                    number=len(asked_all),
                    body=body,
                    headers=self.headers,
                    path=self.path,
                    at=time.monotonic(),
                )
                asked_all.append(asked)
            status, content, *more = reply(asked)
            text = content if isinstance(content, (str, bytes)) else json.dumps(content)
            raw = text if isinstance(text, bytes) else text.encode()
            headers = {"Content-Type": "application/json", **(more[0] if more else {})}
            self.send_response(status)
            for name, value in {**headers, "Content-Length": len(raw)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_):
            pass

        def handle(self):
            try:
                super().handle()
            except ConnectionError:  # the client gave up
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}/v1", asked=asked_all)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
