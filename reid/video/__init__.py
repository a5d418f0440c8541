"""Recordings in, frames out; annotated video back: sources, reading, drawing, writing."""
