"""The one exception that a person's input can cause."""


class UserError(ValueError):
    """Bad input: the message names the file, key or value, and what to do about it.

    The command line prints the message alone and exits with code 2; anything else that
    escapes is a fault of this package and keeps its traceback.
    """
