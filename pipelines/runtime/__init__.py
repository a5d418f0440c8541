"""Parts that every job needs while it runs: output folders, progress, logs, worker processes."""
