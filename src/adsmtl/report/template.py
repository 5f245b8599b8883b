"""HTML from the package's templates."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **values: Any) -> str:
    """A template of `report/templates`, filled; text is escaped, a missing value is an error."""
    environment = Environment(
        loader=PackageLoader("adsmtl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
