"""Cells and values of a grid, parsed to what is stored."""
