"""The pages of the service: each resource for a reader, whole without a script."""

from timeline.serving.site.making import page, page_of_problem

__all__ = ["page", "page_of_problem"]
