"""Checks between the parts of a firm's file."""

from __future__ import annotations

from gateway.config.site import SiteConfig
from gateway.config.strict_yaml import Tree
from gateway.config.variants import Variants


def report(tree: Tree, model: type[SiteConfig], variants: Variants) -> None:
    """Report what does not fit together."""
