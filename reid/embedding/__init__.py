"""Crops of people to unit vectors: networks, checkpoints, one preprocessing, three back ends."""
