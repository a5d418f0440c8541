import os

from hypothesis import settings

from pipelines.cli import ENVIRONMENT

# what the command sets before a library reads it; children of tests inherit it
for name, value in ENVIRONMENT.items():
    os.environ.setdefault(name, value)

# a busy machine makes slow examples; how slow is not what the properties are about
settings.register_profile("reid", deadline=None)
settings.load_profile("reid")
