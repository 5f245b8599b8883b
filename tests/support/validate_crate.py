"""Validate RO-Crates by rocrate-validator; `make check-citation` calls it, apart from .venv.

The validator looks up the contexts of JSON-LD on the web. Here they are answered from the package
ro-crate-py, and from the two terms of the profile that the crates use, so no network is needed.
"""

import json
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from rocrate_validator import models, services
from rocrate_validator.utils.document_loader import install_document_loader

_RUN = "https://w3id.org/ro/terms/workflow-run"
CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": (
        files("rocrate").joinpath("data/ro-crate.jsonld").read_text(encoding="utf-8")
    ),
    f"{_RUN}/context": json.dumps(
        {"@context": {name: f"{_RUN}#{name}" for name in ("sha256", "resourceUsage")}}
    ),
}


def answer(
    adapter: HTTPAdapter, request: requests.PreparedRequest, **how: object
) -> requests.Response:
    """The contexts; everything else is refused."""
    if request.url not in CONTEXTS:
        raise requests.ConnectionError(f"{request.url} is not looked up")
    response = requests.Response()
    response.status_code, response.url, response.request = 200, request.url, request
    response.headers["Content-Type"] = "application/ld+json"
    response._content = CONTEXTS[request.url].encode()
    return response


def main(folders: list[str]) -> int:
    HTTPAdapter.send = answer
    install_document_loader()
    worst = 0
    for folder in map(Path, folders):
        found = services.validate(
            services.ValidationSettings(
                rocrate_uri=folder,
                profile_identifier="workflow-run-crate",
                requirement_severity=models.Severity.RECOMMENDED,
                no_cache=True,
            )
        )
        required = found.get_issues(models.Severity.REQUIRED)
        said = Counter(
            f"{issue.severity.name.lower()}: {issue.message}"
            for issue in found.get_issues(models.Severity.RECOMMENDED)
        )
        for line, times in said.items():
            print(f"{folder}: {line}{f' ({times} times)' if times > 1 else ''}")
        verdict = "NOT valid" if required else "valid"
        print(f"{folder}: {verdict} as {found.context.profile_identifier}")
        worst |= bool(required)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
