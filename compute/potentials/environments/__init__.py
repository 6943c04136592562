"""Potentials whose packages cannot live beside MACE's: each family in an interpreter of its own, asked over a pipe.

A family is a folder here, with pinned requirements and a module `evaluator`, and an entry in `registry.toml`.
"""
