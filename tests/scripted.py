"""A language model whose answers are a function of the request: what is tested is the rest."""

import time

from synthlab.llm.model import LENGTH, Completion


class ScriptedModel:
    name, sha256, settings = "scripted", "0" * 64, {}

    def __init__(self, text=None, seconds=0.0, window=3):
        self._text, self._seconds, self._window = text or self.answer, seconds, window
        self.n_taken = 0

    @staticmethod
    def answer(key, request):
        return f" Offer {request.seed}\n\nDear reader, number {request.seed} of {key} is for you."

    def complete(self, requests):
        """Answer out of order, a window at a time, as a batching back end does."""
        held = []
        for key, request in requests:
            self.n_taken += 1
            held.append((key, request))
            if len(held) == self._window:
                yield from self._finish(held)
                held = []
        yield from self._finish(held)

    def _finish(self, held):
        for key, request in reversed(held):
            time.sleep(self._seconds)
            shares = (0.75, 0.25) if request.choices else ()
            text = request.choices[0] if request.choices else self._text(key, request)
            yield key, Completion(text, 12, LENGTH, shares)
