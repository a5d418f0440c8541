"""The environment of the pages' templates."""

from functools import cache
from pathlib import Path

import jinja2

_HERE = Path(__file__).parent


@cache
def template(name: str) -> jinja2.Template:
    """A template that lies beside this file; what is put into it is escaped, a missing name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,  # names of encoders, data sets and cameras are any text
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
