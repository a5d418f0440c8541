"""`python -m pipelines.cli`."""

from pipelines.cli.program import run

if __name__ == "__main__":
    run()
