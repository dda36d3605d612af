"""Parsers: from the cells and values of a grid to the values that are stored."""
