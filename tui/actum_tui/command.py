"""The `actum` command: its verbs and their groups."""

from __future__ import annotations

import click

from actum_tui.verbs import copies, events, exports, health, read_models, schemas, streams


@click.group("actum", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="actum")
def command() -> None:
    """Look into an actum store, check it, and look after it.

    Every verb takes --store DIRECTORY and --json; reading verbs work beside a running engine. Exit codes: 0 fine, 1 the
    answer is bad (damage, differences, a breaking change), 2 it could not be done.
    """


for module in (health, events, streams, read_models, copies, exports, schemas):
    module.register(command)
