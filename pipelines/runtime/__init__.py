"""What every job needs while it runs: output folders that are its own."""
