"""Pieces that two or more pages, or the frame around them, show."""
