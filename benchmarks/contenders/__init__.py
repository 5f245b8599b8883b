"""The programs that are compared; each is loaded in a process of its own."""
