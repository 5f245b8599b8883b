"""`python -m adsmtl` is the command `adsmtl`."""

import sys


def main() -> int | None:
    """The command, or what is missing where the library alone is installed."""
    try:
        from adsmtl import cli
    except ModuleNotFoundError as error:
        if (error.name or "adsmtl").startswith("adsmtl"):
            raise
        print(
            f"error: {error.name} is not installed; the study needs `pip install 'adsmtl[study]'`"
            " (in a clone `make` installs it)",
            file=sys.stderr,
        )
        return 2
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
