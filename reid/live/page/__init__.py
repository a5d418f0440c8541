"""The page on which one watches a live site, and what programs read beside it."""
