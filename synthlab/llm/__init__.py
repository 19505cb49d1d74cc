"""Generation by language models; only the command line imports it.

`tasks` says what is to be written or labeled, `model` what a request and an answer are; `local`
and `endpoint` answer.  `generate` asks for a task's rows, `recorder` and `store` keep them through
any kill.  `traffic` and `budget` limit the rate and the costs.
"""

import lazy_loader as _lazy

_HOMES = {
    "budget": ["Budget", "Prices"],
    "endpoint": ["EndpointModel"],
    "generate": ["generate_rows"],
    "local": ["LocalModel"],
    "model": ["Completion", "LanguageModel", "Request", "Sampling"],
    "prompts": ["load_prompts", "styles"],
    "recorder": ["record"],
    "store": ["read_recorded", "recorded_settings", "shard_covers"],
    "tasks": ["Task", "find_task"],
    "traffic": ["RequestPolicy"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
